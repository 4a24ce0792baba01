"""The candidate must be shown to be better than the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.core.decisions import Finding
from harness.gates.interface import Evidence, Said, conclude

if TYPE_CHECKING:  # NumPy comes with these, and a release is read without it
    from harness.stats.series import Series, Settings


@dataclass(frozen=True, slots=True)
class Improves:
    """PASS where the lower bound of the improvement exceeds 0 (superiority)."""

    compares: ClassVar[bool] = True
    aggregates: ClassVar[tuple[str, ...]] = ()
    good: ClassVar[str] = "above"
    of: ClassVar[str] = "difference"

    threshold: float = 0.0

    def find(self, evidence: Evidence, settings: Settings) -> Finding:
        """The finding on the paired difference."""
        from harness.stats.analysis import difference
        from harness.stats.series import weakness

        weak = weakness(evidence.candidate, settings)
        needed = self.needed(evidence.candidate, settings)
        return conclude(difference(evidence.pair, settings), 0.0, above=True, weakness=weak, needed=needed)

    def needed(self, series: Series, settings: Settings) -> int | None:
        """The least that any gate needs; how many more depends on a difference that is not known beforehand."""
        from harness.stats.series import least_samples

        return least_samples(series.aggregate, settings)

    def asks(self, limit: str, other: str) -> str:
        """A difference above zero."""
        return f"better than {other}"

    def promise(self, said: Said) -> str:
        """The candidate is better."""
        return f"{said.start} better than that of {said.other}{said.end}"

    def refusal(self, said: Said) -> str:
        """It is worse."""
        return f"is measurably worse than {said.other}"
