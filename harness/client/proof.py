"""Does the adapter answer, or the base in its place? TGI serves the base in silence for an adapter it does not know."""

from __future__ import annotations

from harness.client.tgi import RequestFailed, TgiClient, Token
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


async def prove(client: TgiClient, adapter: str | None) -> str:
    """PROVEN, or "not proven: why". Raises OutsideError where the server gives the base's answers for the adapter."""
    if adapter is None:
        return "not proven: the server was given no adapter name, so base and candidate cannot be told apart"
    try:
        found = [await _difference(client, prompt, adapter) for prompt in PROMPTS]
    except RequestFailed as error:
        raise OutsideError(f"the server gives no answer for the adapter '{adapter}': {error}") from None
    known = [value for value in found if value is not None]
    if not known:
        return "not proven: the server gives no prefill log-probabilities (start TGI with --enable-prefill-logprobs)"
    moved, noise = max(change for change, _ in known), max(noise for _, noise in known)
    if LEAST_DIFFERENCE <= moved <= ABOVE_NOISE * noise:
        return "not proven: the base model's own log-probabilities change as much from one request to the next"
    if moved < LEAST_DIFFERENCE:
        raise OutsideError(
            f"the server answers for the adapter '{adapter}' exactly as the base model does: the adapter is not "
            "loaded, or was never trained. Nothing was judged."
        )
    return PROVEN


async def _difference(client: TgiClient, prompt: str, adapter: str) -> tuple[float, float] | None:
    """Largest change of a token's log-probability by the adapter, and by nothing; None where the server gives none."""
    base, ours, again = [await client.prefill(prompt, name) for name in (None, adapter, None)]
    moved, noise = _change(ours, base), _change(again, base)
    return None if moved is None or noise is None else (moved, noise)


def _change(one: list[Token], other: list[Token]) -> float | None:
    pairs = [(a.logprob, b.logprob) for a, b in zip(one, other, strict=False)]
    return max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=None)
