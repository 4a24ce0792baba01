"""Which end of a metric is the good one. Whatever compares asks this, and never for a metric's name."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:  # a release is read without NumPy
    import numpy as np
    from numpy.typing import NDArray


class Better(StrEnum):
    """Where the better scores of a metric lie. Scores are in [0, 1]: an error rate is best at 0."""

    HIGHER = "higher"
    LOWER = "lower"

    @property
    def best(self) -> float:
        """The best score that there is."""
        return 1.0 if self is Better.HIGHER else 0.0

    @property
    def worst(self) -> float:
        """The worst score that there is: that of a sample that failed or was lost."""
        return 1.0 - self.best

    @overload
    def goodness(self, score: float) -> float: ...

    @overload
    def goodness(self, score: NDArray[np.float64]) -> NDArray[np.float64]: ...

    def goodness(self, score: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
        """A score, or an array of scores, on a scale on which more is better; of such a goodness, the score again."""
        return score if self is Better.HIGHER else 1.0 - score

    @property
    def note(self) -> str:
        """What to say beside a metric whose values read the other way round; "" where more is better."""
        return "" if self is Better.HIGHER else "lower is better"
