"""The metric must be shown to lie above a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.core.decisions import Finding
from harness.gates.interface import Evidence, Said, conclude

if TYPE_CHECKING:  # NumPy comes with these, and a release is read without it
    from harness.stats.series import Series, Settings


@dataclass(frozen=True, slots=True)
class AtLeast:
    """PASS where the lower bound exceeds the threshold: exact for rates, t for means, bootstrap for macro-F1."""

    compares: ClassVar[bool] = False
    aggregates: ClassVar[tuple[str, ...]] = ()
    good: ClassVar[str] = "above"
    of: ClassVar[str] = ""

    threshold: float

    def find(self, evidence: Evidence, settings: Settings) -> Finding:
        """The finding on the candidate alone."""
        from harness.stats.analysis import absolute
        from harness.stats.series import weakness

        series = evidence.candidate
        needed = self.needed(series, settings)
        weak = weakness(series, settings)
        return conclude(absolute(series, settings), self.threshold, above=True, weakness=weak, needed=needed)

    def needed(self, series: Series, settings: Settings) -> int | None:
        """For a rate, the samples that show the threshold if all are right."""
        from harness.stats.power import rate_needs
        from harness.stats.series import least_samples

        least = rate_needs(self.threshold, settings) if series.aggregate == "rate" else 0
        return max(least, least_samples(series.aggregate, settings))

    def asks(self, limit: str, other: str) -> str:
        """The threshold."""
        return f"at least {limit}"

    def promise(self, said: Said) -> str:
        """The metric lies above the threshold."""
        return f"{said.start} above {said.limit}{said.end}"

    def refusal(self, said: Said) -> str:
        """It lies below."""
        return "is measurably below what was agreed"
