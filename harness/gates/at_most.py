"""The metric must be shown to lie below a threshold: error rates, latency quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.core.decisions import Finding
from harness.gates.interface import Evidence, Said, conclude

if TYPE_CHECKING:  # NumPy comes with these, and a release is read without it
    from harness.stats.series import Series, Settings


@dataclass(frozen=True, slots=True)
class AtMost:
    """PASS where the upper bound stays below the threshold: exact for rates, order statistics for quantiles."""

    compares: ClassVar[bool] = False
    aggregates: ClassVar[tuple[str, ...]] = ()
    good: ClassVar[str] = "below"
    of: ClassVar[str] = ""

    threshold: float

    def find(self, evidence: Evidence, settings: Settings) -> Finding:
        """The finding on the candidate alone."""
        from harness.stats.analysis import absolute
        from harness.stats.series import weakness

        series = evidence.candidate
        needed = self.needed(series, settings)
        weak = weakness(series, settings)
        return conclude(absolute(series, settings), self.threshold, above=False, weakness=weak, needed=needed)

    def needed(self, series: Series, settings: Settings) -> int | None:
        """For a rate, the samples that show the threshold if none errs; for a quantile, those that give a bound."""
        from harness.stats.power import least_for_quantile, rate_needs
        from harness.stats.series import least_samples

        least = least_samples(series.aggregate, settings)
        if series.aggregate == "quantile":
            return max(least, least_for_quantile(series.q, settings.alpha))
        return max(least, rate_needs(1 - self.threshold, settings)) if series.aggregate == "rate" else least

    def asks(self, limit: str, other: str) -> str:
        """The threshold."""
        return f"at most {limit}"

    def promise(self, said: Said) -> str:
        """The metric lies below the threshold."""
        return f"{said.start} below {said.limit}{said.end}"

    def refusal(self, said: Said) -> str:
        """It lies above."""
        return "is measurably above what was agreed"
