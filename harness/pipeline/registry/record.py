"""A candidate with its decision becomes a version: told by all that it is made of, once and for all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import __version__
from harness.core.decisions import Decision
from harness.core.ids import digest_bytes, digest_file
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.versions import PRODUCTION, Registry, Version
from harness.pipeline.candidate import Candidate
from harness.pipeline.lock import taking_turns
from harness.pipeline.recipe import training_manifest
from harness.pipeline.registry.artefacts import training_of
from harness.pipeline.workspace import Workspace, now
from harness.store.files import lines_of, write_lines
from harness.store.registry import add_version, next_number

# Keys of a resolved config that name places on one machine.
_PLACES = ("base_model", "dataset_prepared_path", "output_dir", "datasets", "test_datasets")
_TOLD = ("rows", "validation_rows", "tokens_trained", "best_step", "seed", "device", "started", "wall_seconds",
         "device_name", "peak_memory_bytes", "energy_joules", "energy_reason")  # fmt: skip


def version_of(known: Registry, adapter: str, decision: str) -> Version | None:
    """The version of this adapter by this decision, the newest one where an old harness made several."""
    found = [one for one in known.versions if (one.adapter_digest, one.decision) == (adapter, decision)]
    return found[-1] if found else None


def record(release: Release, known: Registry, found: Candidate, decision: Decision) -> Version:
    """The version of a candidate and its decision, recorded where there is none yet; the caller holds `changing`.

    Raises OutsideError where the disk refuses.
    """
    workspace = Workspace(release.root)
    there = version_of(known, found.adapter_digest, decision.id)
    if there is not None:
        return there
    before = known.standing(PRODUCTION)
    training = training_of(found.adapter)
    with taking_turns(workspace):
        made = Version(
            number=next_number(workspace.versions),
            release=release.name,
            adapter_digest=found.adapter_digest,
            base_digest=found.base_digest,
            decision=decision.id,
            created=now(),
            digests=_digests(decision, training),
            provenance=_provenance(release, found, decision, training),
            parent=before.number if before else None,
        )
        _keep_rows(release, workspace, made)
        add_version(workspace.versions, made)
    return made


def _digests(decision: Decision, training: Mapping[str, Any]) -> dict[str, str]:
    """Of what taught the adapter (data, validation, config, resolved_config) and of what judged it (policy, release,
    suites, samples, prompts, metrics)."""
    judged = {name: digest for name, digest in decision.digests.items() if name not in ("harness", "adapter", "base")}
    taught = training.get("digests")
    return judged | {
        name: str(digest)
        for name, digest in (taught.items() if isinstance(taught, dict) else ())
        if digest and name != "base"
    }


def _provenance(release: Release, found: Candidate, decision: Decision, training: Mapping[str, Any]) -> dict[str, Json]:
    told: dict[str, Json] = {name: training[name] for name in _TOLD if training.get(name) is not None}
    return {
        "base": release.candidate.base_model,
        "harness": __version__,
        "judged_by": decision.digests.get("harness", ""),
        "packages": dict(training.get("versions", {})),
        **told,
        "settings": _resolved(training_manifest(found.adapter).with_name("resolved.yaml")) if training else {},
        "adapter": _adapter_settings(found.adapter / "adapter_config.json"),
        "serve": release.serve.kind,
        "policy_file": release.policy_place.file,
    }


def _resolved(path: Path) -> dict[str, Json]:
    """The config that the trainer was run with, without places; {} where there was no training here."""
    if not path.is_file():
        return {}
    import yaml

    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    kept = {name: value for name, value in settings.items() if name not in _PLACES}
    return dict(json.loads(json.dumps(kept, default=str)))


def _adapter_settings(path: Path) -> dict[str, Json]:
    """How the adapter is applied, without what is not set."""
    settings: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))
    settings.pop("base_model_name_or_path", None)
    return {name: sorted(value, key=str) if isinstance(value, list) else value
            for name, value in settings.items() if value not in (None, {}, [])}  # fmt: skip


def rows_file(workspace: Workspace, digest: str) -> Path:
    """Where the digests of the rows of a training file are kept, by the digest of the file."""
    return workspace.state / "rows" / f"{digest[:16]}.jsonl"


def row_digests(path: Path) -> list[str]:
    """The first 16 digits of each row's SHA-256, in order; empty lines are no rows."""
    with path.open("rb") as file:
        return [digest_bytes(line.strip())[:16] for line in file if line.strip()]


def _keep_rows(release: Release, workspace: Workspace, version: Version) -> None:
    """So that `harness diff` can tell added rows from removed ones when the file is long another."""
    training = release.candidate.training
    files = {"data": training.data, "validation": training.validation} if training else {}
    for name, path in files.items():
        digest, kept = version.digests.get(name), rows_file(workspace, version.digests.get(name, ""))
        if digest and path and path.is_file() and not kept.is_file() and digest_file(path) == digest:
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_lines(kept, (f'"{row}"\n'.encode() for row in row_digests(path)))


def kept_rows(workspace: Workspace, digest: str) -> list[str] | None:
    """The digests of the rows of a training file; None where they were not kept."""
    path = rows_file(workspace, digest)
    return [str(row) for row in lines_of(path)] if path.is_file() else None
