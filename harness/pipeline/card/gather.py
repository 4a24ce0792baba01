"""The facts of a model card: of a version, or of a decision that no version rests on."""

from __future__ import annotations

import json
from pathlib import Path

from harness.base_models.hub import published
from harness.core.decisions import Decision
from harness.core.errors import ConfigError
from harness.core.json_files import json_object
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.versions import Version
from harness.pipeline.candidate import adapter_digest
from harness.pipeline.registry.read import named_version, registry
from harness.pipeline.workspace import Workspace
from harness.report.card.facts import CardFacts
from harness.report.record import from_json

_TOLD = ("rows", "validation_rows", "seed", "device", "device_name", "wall_seconds", "peak_memory_bytes",
         "energy_joules")  # fmt: skip


def facts_of_version(
    release: Release, word: str | None, license: str | None = None, languages: tuple[str, ...] = ()
) -> CardFacts:
    """Of the version that `word` names (v3; None: the newest). Raises ConfigError where it or its decision is gone."""
    known = registry(Workspace(release.root), release.name)
    if word is None and not known.versions:
        raise ConfigError("there is no version yet: run `harness promote`, or name a decision by --decision.")
    version = named_version(known, word) if word else known.versions[-1]
    decision = _decision(release, version.decision)
    base = published(str(decision.candidate.get("base_model", "")))
    return CardFacts(decision, version, base, _kinds(release), known.stage_of(version.number), license, languages)


def facts_of_decision(
    release: Release, decision: Decision, license: str | None = None, languages: tuple[str, ...] = ()
) -> CardFacts:
    """Of a stored decision, with what the training left of its adapter, where that still lies here."""
    adapter = str(decision.candidate["adapter_digest"])
    folder = _adapter(release, adapter)
    training = json_object(folder.parent / "manifest.json") if folder else {}
    provenance: dict[str, Json] = {key: training[key] for key in _TOLD if training.get(key) is not None}
    provenance |= {"packages": training.get("versions", {}), "adapter": json_object(folder / "adapter_config.json")
                   if folder else {}}  # fmt: skip
    digests = {**decision.digests, **{key: value for key, value in training.get("digests", {}).items() if value}}
    version = Version(
        number=0, release=release.name, adapter_digest=adapter, decision=decision.id, created="", digests=digests,
        base_digest=str(decision.candidate["base_digest"]), provenance=provenance,
    )  # fmt: skip
    base = published(str(decision.candidate.get("base_model", "")))
    return CardFacts(decision, version, base, _kinds(release), "", license, languages)


def _decision(release: Release, name: str) -> Decision:
    path = Workspace(release.root).decision(name)
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise ConfigError(f"the decision {name[:12]} of this version is not here, or is no decision.") from None


def _adapter(release: Release, digest: str) -> Path | None:
    """Where an adapter with this digest lies: trained here, or given."""
    trained = Workspace(release.root).training("")
    folders = [*trained.glob("*/adapter"), *trained.glob("*/adapters/*/adapter")]
    folders += [release.candidate.adapter] if release.candidate.adapter else []
    for folder in folders:
        try:
            if adapter_digest(folder, release.file) == digest:
                return folder
        except ConfigError:  # one that is not whole is not it
            continue
    return None


def _kinds(release: Release) -> dict[str, str]:
    """The kinds of tasks, by "suite" (its first task) and "suite.task"."""
    found: dict[str, str] = {}
    for suite in release.suites:
        for task in suite.tasks:
            found.setdefault(suite.name, task.kind)
            found[f"{suite.name}.{task.name}"] = task.kind
    return found
