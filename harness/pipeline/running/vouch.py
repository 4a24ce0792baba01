"""Before the first sample: is the model that answers the one that is meant? Asked once for each model of a server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.client.preflight import Expected, Preflight, preflight
from harness.core.events import Event
from harness.core.fingerprints import Fingerprint
from harness.core.ids import digest_file
from harness.core.releases import Suite
from harness.pipeline.baselines import Contender
from harness.pipeline.candidate import Candidate
from harness.pipeline.recipe import training_manifest
from harness.pipeline.running.merging import merge
from harness.pipeline.running.session import Session

# Servers that we start ourselves, with the very files.
_CHILDREN = frozenset({"local", "tgi_docker", "tgi_process", "vllm"})
_OF_THE_HUB = re.compile(r"(?P<id>[^@/:]+/[^@/:]+)@(?P<revision>[0-9a-f]{40})")


@dataclass(frozen=True, slots=True)
class Vouched:
    """What was found out about a model that answers.

    `proven`: every check was made and held, or the server is our own child with these very files; only then may its
    answers be taken for its answers later (the cache).
    """

    proof: str
    notes: tuple[str, ...] = ()
    proven: bool = False


def vouch(
    session: Session,
    contender: Contender,
    candidate: Candidate,
    known: dict[str | None, Vouched],
    suites: Iterable[Suite],
) -> Vouched:
    """Check a served model, once for each adapter (None: the base); `known` gathers what was found.

    Raises OutsideError where another model answers, or the server lacks what the suites need.
    """
    digest = contender.model.adapter_digest
    if digest not in known:
        session.watch(Event("pre-flight", "begin", contender.model.role))
        found = asyncio.run(_preflight(session, contender, candidate, suites))
        certain = session.release.serve.kind in _CHILDREN or not found.notes
        known[digest] = Vouched(found.proof, found.notes, found.proven and certain)
        session.watch(Event("pre-flight", "done", found.proof))
    return known[digest]


async def _preflight(
    session: Session, contender: Contender, candidate: Candidate, suites: Iterable[Suite]
) -> Preflight:
    folder = contender.adapter.folder if contender.adapter else candidate.adapter
    asked, fingerprint = session.at(contender.model), fingerprint_of(folder)
    if fingerprint is None and asked is not session:
        fingerprint = merge(session.release, candidate, session.watch).agreement.fingerprint
    hub = _OF_THE_HUB.fullmatch(session.release.candidate.base_model)
    expected = Expected(
        adapted=contender.model.adapter_digest is not None,
        fingerprint=fingerprint,
        model_id=hub["id"] if hub else None,
        revision=hub["revision"] if hub else None,
        dtype=asked.endpoint.dtype,
        needs_prefill=any(task.kind == "lm_eval" for suite in suites for task in suite.tasks),
    )
    async with asked.connect() as client:
        if asked is session:
            return await preflight(client, session.adapter(contender.model), expected)
        async with session.connect() as base:
            return await preflight(client, asked.adapter(contender.model), expected, base)


def fingerprint_of(adapter: Path) -> Fingerprint | None:
    """What the training that made an adapter recorded of its log-probabilities; None where it left no such record."""
    try:
        manifest = json.loads(training_manifest(adapter).read_text(encoding="utf-8"))
        if manifest["adapter"] != digest_file(adapter / "adapter_model.safetensors"):
            return None  # the record of another adapter
        return Fingerprint.from_json(manifest["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
