"""Before the first sample: is the model that answers the one that is meant? Asked once for each model of a server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from harness import catalog
from harness.client.guard import Guard, ModelMismatch
from harness.client.model_reference import ModelReference, by_texts
from harness.client.preflight import Expected, Preflight, preflight
from harness.core.errors import OutsideError
from harness.core.events import Event
from harness.core.fingerprints import Fingerprint
from harness.core.ids import digest_file
from harness.core.json_files import json_object
from harness.core.sampling import NO_PENALTY
from harness.core.suites import Suite
from harness.pipeline.baselines import Contender
from harness.pipeline.candidate import Candidate
from harness.pipeline.recipe import training_manifest
from harness.pipeline.running.local_fingerprint import local_fingerprint
from harness.pipeline.running.merging import merge
from harness.pipeline.running.session import Session
from harness.pipeline.workspace import Workspace

_LOADS_ALL = "local"  # it refuses an adapter of which it does not load all
# Rules that change the likeliest token, and the value that changes nothing.
_NO_PENALTY = {**NO_PENALTY, "encoder_repetition_penalty": 1.0, "no_repeat_ngram_size": 0}
_OF_THE_HUB = re.compile(r"(?P<id>[^@/:]+/[^@/:]+)@(?P<revision>[0-9a-f]{40})")


@dataclass(frozen=True, slots=True)
class Vouched:
    """What was found out about a model that answers.

    `proven`: every check was made and held, or the server is our own child with these very files; only then may its
    answers be taken for its answers later (the cache). `known` is what the model is known by from then on (None: nobody
    can tell); `child`: the server is our own, so that nothing else can answer in its place.
    """

    proof: str
    notes: tuple[str, ...] = ()
    proven: bool = False
    known: ModelReference | None = None
    child: bool = False

    @property
    def only_held(self) -> bool:
        """Whether answers count only where a proof that came after them held."""
        return self.known is not None and not self.child

    def guard(self, adapter: str | None) -> Guard | None:
        """What proves, while it is asked as `adapter`, that the model is still the same; for one run."""
        return None if self.known is None else Guard(self.known, adapter)


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
        record = record_of(session, contender, candidate)
        result = asyncio.run(_preflight(session, contender, record, suites))
        known[digest] = _vouched(session, result, record)
        session.watch(Event("pre-flight", "done", known[digest].proof))
        _say_uncached(session, contender, known[digest])
    return known[digest]


def _vouched(session: Session, result: Preflight, record: Fingerprint | str | None) -> Vouched:
    """An adapter that nothing ties to its files is not proven, unless our own child serves those."""
    child = catalog.plug("servers", session.release.serve.kind).starts_here
    proof, proven = result.proof, result.proven
    if proven and isinstance(record, str) and not child:
        proof, proven = f"not proven: nothing ties the server's answers to the adapter's files, since {record}", False
    return Vouched(proof, result.notes, proven and (child or not result.notes), result.known, child)


def _say_uncached(session: Session, contender: Contender, vouched: Vouched) -> None:
    if session.cache is None or vouched.proven:
        return
    why = next(iter(vouched.notes), "") if vouched.proof.startswith("proven") else vouched.proof
    text = f"the {contender.model.role}'s answers are not kept for later runs: {why or vouched.proof}"
    session.watch(Event("pre-flight", "note", text))


def record_of(session: Session, contender: Contender, candidate: Candidate) -> Fingerprint | str | None:
    """What the model must say to fixed prompts: as its training recorded it, else as it is computed here.

    For an adapter of which there is neither, the reason; None for a base model without a record.
    """
    folder = contender.adapter.folder if contender.adapter else candidate.adapter
    record, model_session = fingerprint_of(folder), session.at(contender.model)
    if record is not None:
        return record
    if model_session is not session:
        return merge(session.release, candidate, session.watch).agreement.fingerprint
    if contender.adapter is None or session.release.serve.kind == _LOADS_ALL:
        return None
    base, workspace = candidate.base, Workspace(session.release.root)
    return local_fingerprint(workspace, base, candidate.base_digest, contender.adapter, session.watch)


async def _preflight(
    session: Session, contender: Contender, record: Fingerprint | str | None, suites: Iterable[Suite]
) -> Preflight:
    model_session = session.at(contender.model)
    hub = _OF_THE_HUB.fullmatch(session.release.candidate.base_model)
    expected = Expected(
        adapted=contender.model.adapter_digest is not None,
        fingerprint=record if isinstance(record, Fingerprint) else None,
        model_id=hub["id"] if hub else None,
        revision=hub["revision"] if hub else None,
        dtype=model_session.endpoint.dtype,
        needs_prefill=any(task.kind == "lm_eval" for suite in suites for task in suite.tasks),
        penalties=penalties_of(session.base),
    )
    async with model_session.connect() as client:
        if model_session is session:
            return await preflight(client, session.adapter(contender.model), expected)
        async with session.connect() as base:
            return await preflight(client, model_session.adapter(contender.model), expected, base)


def penalties_of(base: Path | None) -> dict[str, float]:
    """What the base model's generation_config.json asks of greedy answers, too; {} where that is nothing."""
    settings = json_object(base / "generation_config.json") if base else {}
    penalties = {name: settings.get(name) for name in _NO_PENALTY}
    return {
        name: float(value)
        for name, value in penalties.items()
        if isinstance(value, int | float) and value != _NO_PENALTY[name]
    }


def fingerprint_of(adapter: Path) -> Fingerprint | None:
    """What the training that made an adapter recorded of its log-probabilities; None where it left no such record."""
    try:
        manifest = json.loads(training_manifest(adapter).read_text(encoding="utf-8"))
        if manifest["adapter"] != digest_file(adapter / "adapter_model.safetensors"):
            return None  # the record of another adapter
        return Fingerprint.from_json(manifest["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def among_users(session: Session, contender: Contender, vouched: Vouched) -> Vouched:
    """How a model is proven again while users ask it.

    vLLM with LoRA dies of a prompt's log-probabilities beside any other request: texts have to do there.
    """
    known = vouched.known
    if session.endpoint.api != "openai" or known is None:
        return vouched

    async def asked() -> Vouched:
        async with session.connect() as client:
            return replace(vouched, known=await by_texts(client, session.adapter(contender.model), known))

    return asyncio.run(asked())


def still(session: Session, contender: Contender, vouched: Vouched) -> str | None:
    """Why a model that was vouched for is not what answers any more; None where it still does."""
    model_session = session.at(contender.model)
    guard = vouched.guard(model_session.adapter(contender.model))

    async def look() -> None:
        assert guard is not None
        async with model_session.connect() as client:
            await guard.whole(client)

    if guard is None:
        return None
    try:
        asyncio.run(look())
    except (ModelMismatch, OutsideError) as error:
        return str(error)
    return None
