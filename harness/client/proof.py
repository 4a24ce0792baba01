"""Does the adapter answer, or the base in its place? TGI serves the base in silence for an adapter it does not know."""

from __future__ import annotations

import asyncio

from harness.client.interface import Client, RequestFailed, Token
from harness.core.errors import OutsideError

# Fixed prompts: what they say does not matter, only that an adapter moves their log-probabilities.
PROMPTS = (
    "The quick brown fox jumps over the lazy dog.",
    "Customer: my order has not arrived yet. Agent:",
    '{"name": null, "quantity": 2}',
)
PROVEN = "proven: the adapter's log-probabilities differ from the base model's"
LEAST_DIFFERENCE = 1e-4
# A server that computes in half precision does not give the same number twice; an adapter must do more than that.
ABOVE_NOISE = 3.0


async def prove(client: Client, adapter: str | None, beside: Client | None = None) -> str:
    """PROVEN, or "not proven: why". `beside` is the base model's server, where that is another one (merged mode).

    Raises OutsideError where the server gives the base's answers for the adapter.
    """
    if adapter is None and beside is None:
        return "not proven: the server was given no adapter name, so base and candidate cannot be told apart"
    try:
        ours = await _prefills(client, adapter)
    except RequestFailed as error:
        raise OutsideError(f"the server gives no answer for {_named(adapter)}: {error}") from None
    try:
        base, again = [await _prefills(beside or client, None) for _ in range(2)]
    except RequestFailed as error:
        return f"not proven: the server does not answer as the base model, so there is nothing to compare with: {error}"
    moved, noise = _largest_change(ours, base), _largest_change(again, base)
    if moved is None or noise is None:
        return "not proven: the server gives no prefill log-probabilities (start TGI with --enable-prefill-logprobs)"
    if LEAST_DIFFERENCE <= moved <= ABOVE_NOISE * noise:
        return "not proven: the base model's own log-probabilities change as much from one request to the next"
    if moved < LEAST_DIFFERENCE:
        raise OutsideError(
            f"the server answers for {_named(adapter)} exactly as the base model does: the adapter is not "
            "loaded, or was never trained. Nothing was judged."
        )
    return PROVEN


def _named(adapter: str | None) -> str:
    return f"the adapter '{adapter}'" if adapter else "the merged model"


async def _prefills(client: Client, adapter: str | None) -> list[list[Token]]:
    """The prompts at once, and so each time beside the same others: rounding depends on the batch."""
    return await asyncio.gather(*(client.prefill(prompt, adapter) for prompt in PROMPTS))


def _largest_change(ones: list[list[Token]], others: list[list[Token]]) -> float | None:
    """Of any token of any prompt; None where there is none with two log-probabilities."""
    pairs = [pair for one, other in zip(ones, others, strict=True) for pair in zip(one, other, strict=False)]
    known = [(a.logprob, b.logprob) for a, b in pairs]
    return max((abs(a - b) for a, b in known if a is not None and b is not None), default=None)
