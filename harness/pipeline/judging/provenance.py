"""What a decision rests on beside its runs, by digests: models, data, prompts, and the code of the metrics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import harness.metrics
from harness import catalog
from harness.core.ids import digest_file, digest_json
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release
from harness.core.samples import Json
from harness.pipeline.judging.evidence import Material

_METRICS = Path(next(iter(harness.metrics.__path__)))
_IMPORT = re.compile(r"^\s*(?:from|import) harness\.metrics\.(\w+)", re.MULTILINE)


def digests(release: Release, material: Material, candidate: Mapping[str, Json]) -> dict[str, str]:
    """SHA-256 by name: "adapter", "base", "data suite.task", "prompts suite.task", "metric name".

    Runs that were made before the digest of their data was kept have none here.
    """
    return {**_models(candidate), **_data(material), **_prompts(release), **_metrics(release)}


def metric_code(plug: str, folder: Path = _METRICS) -> str:
    """SHA-256 over a metric's source file and those files of its family that it imports. Raises FileNotFoundError."""
    found: dict[str, Json] = {}
    wanted = [plug]
    while wanted:
        name = wanted.pop()
        path = folder / f"{name}.py"
        if name not in found:
            found[name] = digest_file(path)
            wanted += _IMPORT.findall(path.read_text(encoding="utf-8"))
    return digest_json(found)


def _models(candidate: Mapping[str, Json]) -> dict[str, str]:
    named = {name: candidate.get(f"{name}_digest") for name in ("adapter", "base")}
    return {name: str(digest) for name, digest in named.items() if digest}


def _data(material: Material) -> dict[str, str]:
    """The samples that the candidate was asked."""
    return {
        f"data {suite}.{task}": digest
        for suite, judged in material.get("candidate", {}).items()
        if suite != MEASURED_RUN
        for task, digest in getattr(judged.run, "data", {}).items()
    }


def run_digests(material: Material) -> dict[str, str]:
    """Each run's manifest, by "run role suite". It holds the hashes of the outputs, so a signature binds these, too."""
    return {
        f"run {role} {suite}": judged.manifest
        for role, suites in material.items()
        for suite, judged in suites.items()
        if judged.manifest
    }


def _prompts(release: Release) -> dict[str, str]:
    """The prompt of each task, and those that a baseline may choose among."""
    return {
        f"prompts {suite.name}.{task.name}": digest_json(
            [asdict(one) for one in (task.prompt, *task.alternatives) if one]
        )
        for suite in release.suites
        for task in suite.tasks
        if task.prompt or task.alternatives
    }


def _metrics(release: Release) -> dict[str, str]:
    """The code of each metric; with the bytes of the scripts where it is made of such."""
    known = catalog.names("metrics")
    asked = [spec for suite in release.suites for task in suite.tasks for spec in task.metrics]
    plugs = {spec.name: spec.catalog_name for spec in asked if spec.catalog_name in known}
    scripts = {name: sorted({spec.digest for spec in asked if spec.name == name and spec.digest}) for name in plugs}
    return {f"metric {name}": digest_json([metric_code(plug), *scripts[name]]) for name, plug in plugs.items()}
