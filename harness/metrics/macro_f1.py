"""Mean of the classes' F1, each class counting the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Score
from harness.metrics.interface import Item


@dataclass(frozen=True, slots=True)
class MacroF1:
    """F1 has no value for one sample: the aggregate is made from targets and answers (`stats.f1`)."""

    aggregate: ClassVar[str] = "macro_f1"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 3
    kinds: ClassVar[tuple[str, ...]] = ("classify", "refuse")

    def score(self, items: Sequence[Item]) -> list[Score]:
        """Nothing: targets and answers are stored already."""
        return []
