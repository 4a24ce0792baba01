"""Does a server say what training recorded? The chat template's tokens, and log-probabilities of fixed prompts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import fmean

from harness.client.interface import Client, Token
from harness.core.errors import OutsideError
from harness.core.fingerprints import Chat, Fingerprint, ScoredPrompt

# Nats a token. The limit is SHARE of the record's own distance between adapter and base, within bounds. Where both
# sides computed in float32 it binds every token, else the mean of each prompt: rounding alone moves single unlikely
# tokens far (bfloat16, demo model: 0.05 on average, 0.2 at one). Seen with the demo adapter, 0.97 from its base: the
# right one at 0.05, weights of a few layers lost or scaled, or another lora_alpha, at 0.19 to 0.43.
SHARE, QUANTIZED_SHARE = 0.1, 0.33
EXACT, ROUNDED, ROUNDED_TWICE, QUANTIZED = (0.01, 0.05), (0.06, 0.1), (0.09, 0.15), (0.1, 0.5)
# How strongly the adapter is applied, beside the record's 1: rounding moves it by its standard error alone.
STRENGTH, ERRORS = 0.15, 3.0
# dtype of a server whose base model is quantised, so that its weights are not those that were trained on.
QUANTIZED_DTYPE = "quantized"
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
    ids = await client.chat_tokens(chat.messages)
    if ids is None:
        return "the server's chat template was not compared: the server has no route that gives a chat's tokens"
    difference = _first_difference(ids, chat.ids)
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
    replies = await asyncio.gather(*(client.prefill(prompt.text, adapter) for prompt in prompts))
    if not any(replies):
        return NO_PREFILL
    served = [_values(prompt, tokens) for prompt, tokens in zip(prompts, replies, strict=True)]
    base, adapted_values = [prompt.base for prompt in prompts], [prompt.adapter for prompt in prompts]
    expected, other = (adapted_values, base) if adapted else (base, adapted_values)
    name = f"the adapter '{adapter}'" if adapter else "the model"
    limit = limit_of(fingerprint, dtype)
    _refuse_others(served, expected, other, limit, name, adapted)
    if adapted:
        _refuse_other_strength(served, base, adapted_values, name)
    if limit.exact or limit.apart > 2 * limit.nats:
        return None
    return (
        f"the adapter moves the recorded prompts by {limit.apart:.2g} nats a token, and the server's rounding may move "
        f"them by {limit.nats:.2g}, so a small part of its weights that is missing would not be seen"
    )


@dataclass(frozen=True, slots=True)
class Limit:
    """How far a served model may be from its record, nats a token: of any token where `exact`, else of a prompt's mean.

    `apart` is the record's own distance between adapter and base, of the prompt where it is largest.
    """

    nats: float
    exact: bool
    apart: float


def limit_of(fingerprint: Fingerprint, dtype: str | None) -> Limit:
    """The limit for a server that computes in `dtype` (None: not known)."""
    apart = max(_mean(prompt.base, prompt.adapter) for prompt in fingerprint.prompts)
    exact = {_plain(fingerprint.dtype), _plain(dtype)} == {"float32"}
    coarse, coarse_record = _plain(dtype) == QUANTIZED_DTYPE, _plain(fingerprint.dtype) != "float32"
    least, most = EXACT if exact else QUANTIZED if coarse else ROUNDED_TWICE if coarse_record else ROUNDED
    share = QUANTIZED_SHARE if coarse else SHARE
    return Limit(min(most, max(least, share * apart)), exact, apart)


def _refuse_others(
    served: Logprobs, expected: Logprobs, other: Logprobs, limit: Limit, name: str, adapted: bool
) -> None:
    gap, nearer = _gap(served, expected, limit), _distance(served, expected) < _distance(served, other)
    if not nearer and min(gap, _gap(served, other, limit)) <= max(limit.nats, ROUNDED[1]):
        words = ("the base model's", "the adapter's") if adapted else ("the adapter's", "the base model's")
        raise OutsideError(
            f"the log-probabilities that the server gives for {name} are nearer to {words[0]} than to {words[1]} in "
            "the record. Nothing was judged."
        )
    if gap > limit.nats:
        raise OutsideError(
            f"the log-probabilities that the server gives for {name} differ from the record's by {gap:.3g} nats a "
            f"token (at most {limit.nats:.2g} may): it serves other weights, or a part of them, or rounds them more. "
            "Where its base model is quantised, say so: `dtype: quantized` under `serve`. Nothing was judged."
        )


def _refuse_other_strength(served: Logprobs, base: Logprobs, adapter: Logprobs, name: str) -> None:
    """What the adapter adds, along the record's own direction: another lora_alpha or lost layers shorten it."""
    recorded_shift = [a - b for pair in zip(adapter, base, strict=True) for a, b in zip(*pair, strict=True)]
    served_shift = [a - b for pair in zip(served, base, strict=True) for a, b in zip(*pair, strict=True)]
    size = sum(value * value for value in recorded_shift)
    if not size:
        return
    strength = sum(a * b for a, b in zip(recorded_shift, served_shift, strict=True)) / size
    left = sum((b - strength * a) ** 2 for a, b in zip(recorded_shift, served_shift, strict=True)) / len(recorded_shift)
    if abs(strength - 1) > max(STRENGTH, ERRORS * (left / size) ** 0.5):
        raise OutsideError(
            f"the server applies {name} at {strength:.0%} of the strength that the record has: with another "
            "lora_alpha, or without a part of its weights. Nothing was judged."
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


def _first_difference(ids: Sequence[int], expected: Sequence[int]) -> str | None:
    for index, pair in enumerate(zip_longest(ids, expected)):
        if pair[0] != pair[1]:
            names = ["nothing" if token is None else str(token) for token in pair]
            return f"at token {index} the server has {names[0]}, training had {names[1]}"
    return None


def _plain(dtype: str | None) -> str:
    return (dtype or "unknown").removeprefix("torch.")


def _mean(ones: Sequence[float], others: Sequence[float]) -> float:
    return fmean(abs(a - b) for a, b in zip(ones, others, strict=True))


def _gap(ones: Logprobs, others: Logprobs, limit: Limit) -> float:
    """Nats a token, of the prompt where it is largest."""
    summary = max if limit.exact else fmean
    return max(summary([abs(a - b) for a, b in zip(*pair, strict=True)]) for pair in zip(ones, others, strict=True))


def _distance(ones: Logprobs, others: Logprobs) -> float:
    return sum((a - b) ** 2 for pair in zip(ones, others, strict=True) for a, b in zip(*pair, strict=True))
