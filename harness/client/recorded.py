"""Does a server say what training recorded? The chat template's tokens, and log-probabilities of fixed prompts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import zip_longest
from statistics import fmean

from harness.client.interface import Client, Token
from harness.core.errors import OutsideError
from harness.core.fingerprints import Chat, Fingerprint, ScoredPrompt

# Nats a token. EXACT, where both sides computed in float32, binds every token. ROUNDED binds the mean of each prompt:
# rounding alone moves single unlikely tokens far (bfloat16, demo model: 0.06 on average, 0.57 at one; another adapter
# of the same data: 0.9 on average).
EXACT, ROUNDED = 0.05, 0.5
Logprobs = Sequence[Sequence[float]]  # of prompts, of their tokens
NO_PREFILL = (
    "the server gives no prefill log-probabilities, so they were not compared with those that training recorded "
    "(start TGI with --enable-prefill-logprobs)"
)


async def check_chat(client: Client, chat: Chat | None) -> str | None:
    """Why the chat template was not compared; None where it was. Raises OutsideError where its tokens differ."""
    if chat is None:
        return (
            "the server's chat template was not compared: training recorded no tokens, since the template is missing "
            "or writes today's date"
        )
    found = await client.chat_tokens(chat.messages)
    if found is None:
        return "the server's chat template was not compared: the server has no route that gives a chat's tokens"
    difference = _first_difference(found, chat.ids)
    if difference:
        raise OutsideError(
            f"the server's chat template gives other tokens than the one trained with: {difference}. Serve the "
            "tokenizer and the chat template that the adapter was trained with. Nothing was judged."
        )
    return None


async def check_numbers(
    client: Client, adapter: str | None, adapted: bool, fingerprint: Fingerprint, dtype: str | None
) -> str | None:
    """Why the log-probabilities were not compared; None where they were.

    `adapted`: the adapter's are expected, else the base model's; `dtype` is the server's. Raises OutsideError where
    they differ, or are nearer to those of the other model.
    """
    prompts = fingerprint.prompts
    replies = await asyncio.gather(*(client.prefill(one.text, adapter) for one in prompts))
    if not any(replies):
        return NO_PREFILL
    found = [_values(one, tokens) for one, tokens in zip(prompts, replies, strict=True)]
    base, ours = [one.base for one in prompts], [one.adapter for one in prompts]
    meant, other = (ours, base) if adapted else (base, ours)
    limit = EXACT if {_plain(fingerprint.dtype), _plain(dtype)} == {"float32"} else ROUNDED
    name = f"the adapter '{adapter}'" if adapter else "the model"
    _refuse_others(found, meant, other, limit, name, adapted)
    return None


def _refuse_others(found: Logprobs, meant: Logprobs, other: Logprobs, limit: float, name: str, adapted: bool) -> None:
    gap, nearer = _gap(found, meant, limit), _distance(found, meant) < _distance(found, other)
    if not nearer and min(gap, _gap(found, other, limit)) <= limit:
        words = ("the base model's", "the adapter's") if adapted else ("the adapter's", "the base model's")
        raise OutsideError(
            f"the log-probabilities that the server gives for {name} are nearer to {words[0]} than to {words[1]} in "
            "the training's record. Nothing was judged."
        )
    if gap > limit:
        raise OutsideError(
            f"the log-probabilities that the server gives for {name} differ from those that training recorded "
            f"by {gap:.3g} nats a token (at most {limit} may): it serves other weights, or rounds them more. "
            "Nothing was judged."
        )


def _values(prompt: ScoredPrompt, tokens: Sequence[Token]) -> list[float]:
    difference = _first_difference([token.id for token in tokens], prompt.ids)
    if difference:
        raise OutsideError(
            f"the server's tokenizer reads {prompt.text[:30]!r}… otherwise than the one trained with: {difference}. "
            "Nothing was judged."
        )
    known = [token.logprob for token in tokens[1:] if token.logprob is not None]
    if len(known) < len(tokens) - 1:
        raise OutsideError(
            f"the server gives no finite log-probability for some tokens of {prompt.text[:30]!r}…, for which training "
            "recorded one. Nothing was judged."
        )
    return known


def _first_difference(found: Sequence[int], meant: Sequence[int]) -> str | None:
    for place, (one, other) in enumerate(zip_longest(found, meant)):
        if one != other:
            said = ["nothing" if token is None else str(token) for token in (one, other)]
            return f"at token {place} the server has {said[0]}, training had {said[1]}"
    return None


def _plain(dtype: str | None) -> str:
    return (dtype or "unknown").removeprefix("torch.")


def _gap(ones: Logprobs, others: Logprobs, limit: float) -> float:
    """Nats a token, of the prompt where it is largest."""
    summary = max if limit == EXACT else fmean
    return max(summary([abs(a - b) for a, b in zip(*pair, strict=True)]) for pair in zip(ones, others, strict=True))


def _distance(ones: Logprobs, others: Logprobs) -> float:
    return sum((a - b) ** 2 for pair in zip(ones, others, strict=True) for a, b in zip(*pair, strict=True))
