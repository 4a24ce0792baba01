"""What a reader of a decision must know beside its verdict, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from harness.core.ids import short
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import BaselineSpec, Release
from harness.core.samples import Json
from harness.pipeline.judging.evidence import Judged, Material
from harness.pipeline.looks import saving

_SERVING = ("kind", "version", "dtype", "model")


def notes_on(release: Release, material: Material, look: int) -> tuple[str, ...]:
    """Prompts that a baseline has of its own, who stands in for whom, what was served otherwise, what a look saved."""
    notes: list[str] = []
    specs, ours = {spec.name: spec for spec in release.baselines}, material["candidate"]
    for role, suites in material.items():
        notes += _own_prompts(specs.get(role), suites) + _who_stands_in(specs.get(role), suites)
        notes += _served_otherwise(role, suites, ours) if role != "candidate" else []
        notes += [note for judged in suites.values() for note in judged.run.notes]
    saved = saving(release, look, len(material))
    return tuple(dict.fromkeys([*notes, *([saved] if saved else [])]))


def _own_prompts(spec: BaselineSpec | None, suites: Mapping[str, Judged]) -> list[str]:
    """How a baseline's prompts differ from the candidate's; a chosen prompt is told by its run."""
    shots = max((judged.run.model.few_shot for judged in suites.values()), default=0)
    if spec is None or not shots:
        return []
    return [f"the baseline {spec.name} has a prompt of its own: {shots} examples before each question"]


def _who_stands_in(spec: BaselineSpec | None, suites: Mapping[str, Judged]) -> list[str]:
    """Who was in production when the runs were made: the registry may say otherwise tomorrow."""
    if spec is None or spec.kind != "production":
        return []
    digests = sorted({judged.run.model.adapter_digest or "" for judged in suites.values()} - {""})
    if not digests:
        return [f"no version was in production, so the base model stands in for the baseline {spec.name}"]
    return [f"the baseline {spec.name} is the adapter in production, {short(digest)}" for digest in digests]


def _served_otherwise(role: str, suites: Mapping[str, Judged], ours: Mapping[str, Judged]) -> list[str]:
    """The candidate's server beside a baseline's, where they are not the same."""
    pairs = [(ours[suite].run.server, judged.run.server) for suite, judged in suites.items()
             if suite in ours and suite != MEASURED_RUN]  # fmt: skip
    return [f"candidate served by {_server(mine)}, {role} by {_server(its)}" for mine, its in pairs
            if _server(mine) != _server(its)]  # fmt: skip


def _server(server: Mapping[str, Json]) -> str:
    return " ".join(str(server[name]) for name in _SERVING if server.get(name)) or "a server that was not named"
