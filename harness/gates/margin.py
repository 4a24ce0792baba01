"""The candidate must be shown to be no worse than the baseline by more than a margin (non-inferiority)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.core.decisions import Finding
from harness.gates.interface import Evidence, Said, conclude

if TYPE_CHECKING:  # NumPy comes with these, and a release is read without it
    from harness.stats.series import Series, Settings


@dataclass(frozen=True, slots=True)
class Margin:
    """PASS where the lower bound of the improvement, which may be a loss, exceeds -threshold."""

    compares: ClassVar[bool] = True
    aggregates: ClassVar[tuple[str, ...]] = ()
    good: ClassVar[str] = "above"
    of: ClassVar[str] = "difference"

    threshold: float

    def find(self, evidence: Evidence, settings: Settings) -> Finding:
        """The finding on the paired difference."""
        from harness.stats.analysis import difference
        from harness.stats.series import weakness

        weak = weakness(evidence.candidate, settings)
        needed = self.needed(evidence.candidate, settings)
        return conclude(difference(evidence.pair, settings), -self.threshold, above=True, weakness=weak, needed=needed)

    def needed(self, series: Series, settings: Settings) -> int | None:
        """For a rate, the pairs that show the margin if both models agree on all."""
        from harness.stats.power import margin_needs
        from harness.stats.series import least_samples

        least = margin_needs(self.threshold, settings) if series.aggregate == "rate" else 0
        return max(least, least_samples(series.aggregate, settings))

    def asks(self, limit: str, other: str) -> str:
        """The loss that is tolerated."""
        return f"at most {limit} worse than {other}"

    def promise(self, said: Said) -> str:
        """The loss is smaller than the margin."""
        other = said.other if said.unchanged else f"that of {said.other}"
        return f"{said.start} worse than {other} by less than {said.limit}, if at all{said.end}"

    def refusal(self, said: Said) -> str:
        """The loss is larger."""
        return f"is measurably worse than {said.other} by more than was agreed"
