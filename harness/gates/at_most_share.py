"""The candidate's cost must be shown to be less than a share of the baseline's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.core.decisions import Finding
from harness.gates.interface import Evidence, Said, conclude

if TYPE_CHECKING:  # NumPy comes with these, and a release is read without it
    from harness.stats.series import Series, Settings


@dataclass(frozen=True, slots=True)
class AtMostShare:
    """PASS where the upper bound of candidate over baseline stays below the threshold; 1 asks for cheaper."""

    compares: ClassVar[bool] = True
    aggregates: ClassVar[tuple[str, ...]] = ("cost",)
    good: ClassVar[str] = "below"
    of: ClassVar[str] = "share"

    threshold: float

    def find(self, evidence: Evidence, settings: Settings) -> Finding:
        """The finding on the ratio of both costs."""
        from harness.stats.analysis import share
        from harness.stats.series import weakness

        pair = evidence.pair
        weak = weakness(pair.candidate, settings) or weakness(pair.baseline, settings)
        needed = self.needed(pair.candidate, settings)
        return conclude(share(pair, settings), self.threshold, above=False, weakness=weak, needed=needed)

    def needed(self, series: Series, settings: Settings) -> int | None:
        """The least that any gate on costs needs."""
        from harness.stats.series import least_samples

        return least_samples(series.aggregate, settings)

    def asks(self, limit: str, other: str) -> str:
        """The share."""
        return f"at most {limit} of {other}"

    def promise(self, said: Said) -> str:
        """The cost lies below that share."""
        return f"{said.start} below {said.limit} of that of {said.other}{said.end}"

    def refusal(self, said: Said) -> str:
        """It lies above."""
        return f"is measurably above {said.limit} of that of {said.other}"
