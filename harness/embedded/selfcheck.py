"""Before the first request: does the engine give what the plain model gives?

Padding, cache, joining of batches, adapter routing and the output head depend on the model's architecture.
Rather than trusting a list of architectures, the start proves them on a few tokens or refuses to serve.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .engine import Engine, Prefilled
from .errors import StartError
from .jobs import BASE
from .loading import Loaded

_TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-3}
_COARSE = 0.5  # nats; half precision rounds differently in differently shaped products


@dataclass(frozen=True, slots=True)
class Reference:
    """What the plain model says: log-probabilities `[tokens, vocabulary]` for `ids` through one adapter."""

    adapter: str
    ids: tuple[int, ...]
    logprobs: Tensor


@torch.inference_mode()
def references(loaded: Loaded) -> list[Reference]:
    """One unbatched, uncached pass for each adapter, two for the base. To be called before the Engine exists."""
    keys = [BASE, *(info.key for info in loaded.adapters), BASE]
    return [_reference(loaded, key, number) for number, key in enumerate(keys)]


def _reference(loaded: Loaded, key: str, number: int) -> Reference:
    vocabulary = loaded.model.get_output_embeddings().weight.shape[0]
    # They begin alike and then part, as prompts of one task do.
    ids = tuple((37 * i + 11 * number * (i > 1) + 5) % vocabulary for i in range(4 + 3 * (number % 3)))
    tensor = torch.tensor([ids], device=next(loaded.model.parameters()).device)
    with _only(loaded.peft, key):
        logits = loaded.model(input_ids=tensor, use_cache=False).logits[0]
    return Reference(key, ids, logits.float().log_softmax(-1))


@contextmanager
def _only(peft: Any, key: str) -> Iterator[None]:
    if peft is None:
        yield
    elif key == BASE:
        with peft.disable_adapter():
            yield
    else:
        peft.set_adapter(key, inference_mode=True)
        yield


def verify(engine: Engine, expected: list[Reference], dtype: torch.dtype) -> None:
    """Prefill the references twice, join the two batches, step once. Raises StartError on a difference.

    The base is among them twice, so prompts share a pack; the second time they begin with what is already known.
    """
    parts = [_prefill(engine, expected) for _ in range(2)]
    batch, other = parts[0].batch, parts[1].batch
    assert batch is not None
    assert other is not None
    batch.join(other)
    expected = expected * 2
    logits = engine.step(batch, [case.ids[-1] for case in expected])
    scores = [score for part in parts for score in part.scores]
    gaps: list[float] = []
    for case, score, row in zip(expected, scores, logits, strict=True):
        assert score is not None
        prompt = torch.tensor(case.ids[1:-1], device=row.device)
        wanted = case.logprobs[:-2].gather(1, prompt.unsqueeze(1)).squeeze(1)
        got = torch.tensor(score.logprobs, device=row.device)
        gaps += [_gap(got, wanted), _gap(row.log_softmax(-1), case.logprobs[-1])]
    limit = _TOLERANCE.get(dtype, _COARSE)
    if not all(gap <= limit for gap in gaps):  # nan is a failure too
        worst = max(gaps)
        raise StartError(f"Batched results differ from the plain model's by {worst:.3g} nats: it cannot be served.")


def _prefill(engine: Engine, cases: list[Reference]) -> Prefilled:
    prompts = [case.ids[:-1] for case in cases]
    return engine.prefill(prompts, [case.adapter for case in cases], [True] * len(cases))


def _gap(got: Tensor, wanted: Tensor) -> float:
    """Largest difference; nan stays nan, or becomes it where there is nothing to compare."""
    return float((got - wanted).abs().max())
