"""Before the first sample: does this server serve the model that is meant? What cannot be checked is said."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.client.interface import Client, RequestFailed
from harness.client.model_reference import ModelReference, model_reference
from harness.client.proof import PROMPTS, prove
from harness.client.record_check import check_chat, check_numbers
from harness.core.errors import OutsideError
from harness.core.fingerprints import Fingerprint
from harness.core.samples import Json

BASE_ITSELF = "the base model itself"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a server must serve.

    `adapted`: the model under test is an adapter on the base, whatever its name there. `fingerprint` is what training
    recorded. `model_id` and `revision` (40 hex digits) are the base model's on the hub, None where it is not from
    there. `dtype` is the type of the server's weights, where known. `needs_prefill`: a task scores given texts.
    `penalties` are the rules of the base model's generation_config.json that would change greedy answers.
    """

    adapted: bool
    fingerprint: Fingerprint | None
    model_id: str | None
    revision: str | None
    dtype: str | None
    needs_prefill: bool
    penalties: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preflight:
    """`proof` tells why it is this adapter that answers, or "not proven: why"; `notes` what was not checked.

    `known` is what the model is known by from now on.
    """

    proof: str
    notes: tuple[str, ...]
    known: ModelReference = field(default_factory=ModelReference)

    @property
    def proven(self) -> bool:
        """Whether the model that answers is known to be the one meant."""
        return not self.proof.startswith("not proven")


async def preflight(client: Client, adapter: str | None, expected: Expected, base: Client | None = None) -> Preflight:
    """Every check, on a server that is asked as `adapter` (None: the model that answers without a name).

    `base` is the base model's own server, where the adapter is merged into the model of this one.
    Raises OutsideError at the first check that fails, each with its own message.
    """
    try:
        if not await client.alive():
            raise OutsideError("the server is not healthy: it does not answer its health check. Nothing was judged.")
        found = [_compare_name(await (base or client).info(), expected)]
        proof = await prove(client, adapter, base) if expected.adapted else BASE_ITSELF
        if expected.needs_prefill:
            await _need_prefill(client, adapter)
        found += await _compare_record(client, adapter, expected)
        known = await model_reference(client, adapter, base, expected.dtype, expected.adapted)
        found += [by_what(known), await _own_penalties(client, expected)]
    except RequestFailed as error:
        raise OutsideError(f"the server failed a request before the first sample: {error}") from None
    return Preflight(proof, tuple(note for note in found if note), known)


def by_what(known: ModelReference) -> str | None:
    """How it is told that the same model answers to the end, where that is not by log-probabilities."""
    if not known.by_text_only:
        return None
    how = (
        "the greedy answers to fixed prompts before, between and after the samples"
        if known.texts
        else "the names in its replies, since its answers to fixed prompts change from one request to the next"
    )
    return f"that the same model answered from the first sample to the last is known by text only: {how}"


def _compare_name(info: Mapping[str, Json], expected: Expected) -> str | None:
    """Only a hub id can be compared: a folder's name, on either side, is not the model's."""
    told, revision = str(info.get("model_id") or ""), info.get("model_sha")
    if expected.model_id is None:
        return None
    if not _HUB_ID.fullmatch(told):
        said = f"calls its model '{told}'" if told else "does not name its model"
        note = f"the server {said}, which cannot be compared with '{expected.model_id}'"
        return None if expected.fingerprint else note
    if told.lower() != expected.model_id.lower():
        raise OutsideError(f"the server serves '{told}', but '{expected.model_id}' is meant. Nothing was judged.")
    if revision is None:
        return None if expected.fingerprint else f"the server does not tell which revision of '{told}' it serves"
    if expected.revision and revision != expected.revision:
        raise OutsideError(
            f"the server serves '{told}' at revision {revision}, but {expected.revision} is meant. Start it with "
            f"--revision {expected.revision}. Nothing was judged."
        )
    return None


async def _own_penalties(client: Client, expected: Expected) -> str | None:
    if not expected.penalties or await client.is_plainly_greedy():
        return None
    asked = " and ".join(f"{name} {value:g}" for name, value in expected.penalties.items())
    return (
        f"the base model's generation_config.json asks for {asked}, and the server is not known to leave that out of "
        "greedy answers"
    )


async def _need_prefill(client: Client, adapter: str | None) -> None:
    tokens = await client.prefill(PROMPTS[0], adapter)
    if all(token.logprob is None for token in tokens):
        raise OutsideError(
            "the server gives no prefill log-probabilities, which the lm-eval tasks need. Start TGI with "
            "--enable-prefill-logprobs. Nothing was judged."
        )


async def _compare_record(client: Client, adapter: str | None, expected: Expected) -> list[str | None]:
    fingerprint = expected.fingerprint
    if fingerprint is None:
        return [
            "no training of ours recorded what this model says, so weights and chat template of the server were not "
            "compared with a record"
        ]
    found = await asyncio.gather(
        check_chat(client, fingerprint.chat),
        check_numbers(client, adapter, expected.adapted, fingerprint, expected.dtype),
    )
    return list(found)
