"""Not one sample may fail, and enough were seen to say that failures are rare."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from harness.core.decisions import Finding
from harness.core.estimates import Estimate, Unestimable
from harness.core.verdicts import Verdict
from harness.gates.interface import OF_GROUPS, Evidence, Said

if TYPE_CHECKING:  # NumPy comes with these, and a release is read without it
    from harness.stats.series import Series, Settings


@dataclass(frozen=True, slots=True)
class NoCriticalFailures:
    """FAIL on the first failure, without statistics; PASS where so many samples without one show less than a rate.

    A sample that was not evaluated may have been a failure, so with one there is no PASS. Groups count, not samples,
    where samples come in groups: one group fails where any sample of it does. Looking early needs no correction: who
    has no failure in all samples had none in the first of them.
    """

    compares: ClassVar[bool] = False
    aggregates: ClassVar[tuple[str, ...]] = ("rate",)
    good: ClassVar[str] = "below"
    of: ClassVar[str] = "failures"

    threshold: float = 0.03

    def find(self, evidence: Evidence, settings: Settings) -> Finding:
        """The finding on the candidate alone; its evidence is the rate of failures with exact bounds."""
        series = evidence.candidate
        rate = _failures(series, settings.alpha)
        needed = self.needed(series, settings)
        if isinstance(rate, Unestimable):
            return Finding(rate, self.threshold, reason=rate.reason, needed=needed)
        failed = max(0, int((series.goodness.values < 1).sum()) - series.lost)
        if failed:
            told = f"{failed} of {series.n} {_samples(series.n)} failed, and none may"
            return Finding(rate, self.threshold, verdict=Verdict.FAIL, reason=told, needed=needed)
        if series.lost:
            was = f"{series.lost} {_samples(series.lost)} {'was' if series.lost == 1 else 'were'} not evaluated"
            told = f"{was}, so a critical failure can't be ruled out"
            return Finding(rate, self.threshold, verdict=Verdict.INCONCLUSIVE, reason=told, needed=needed)
        few = "" if rate.n >= needed else f"{rate.n} without a failure are too few"
        return Finding(rate, self.threshold, passes=not few, reason=few, needed=needed)

    def needed(self, series: Series, settings: Settings) -> int:
        """The samples (or groups) without a failure that show less than the rate: 99 for 3 %, 299 for 1 %."""
        from harness.stats.power import least_for_rate

        return max(least_for_rate(1 - self.threshold, settings.alpha), settings.min_samples)

    def asks(self, limit: str, other: str) -> str:
        """Both halves of it."""
        return f"no failure, shown rarer than {limit}"

    def promise(self, said: Said) -> str:
        """What was seen, and no more than follows from it."""
        return (
            f"No critical failure in {said.cases} answers: we can say with {said.sure} confidence that the rate is "
            f"below {said.limit}, not that it is zero."
        )

    def refusal(self, said: Said) -> str:
        """At least one was seen."""
        return "made critical failures"


def _failures(series: Series, alpha: float) -> Estimate | Unestimable:
    """The rate of samples, or of groups, that failed or were not evaluated."""
    import numpy as np

    from harness.stats.intervals import rate

    if not np.isfinite(series.values).all():
        return Unestimable("a score is not a number", series.n)
    bad = series.goodness.values < 1
    if series.groups is None:
        return rate(int(bad.sum()), series.n, alpha)
    worst = np.isin(np.unique(series.groups), series.groups[bad])
    found = rate(int(worst.sum()), len(worst), alpha)
    return found if isinstance(found, Unestimable) else replace(found, method=f"{found.method} {OF_GROUPS}")


def _samples(number: int) -> str:
    return "sample" if number == 1 else "samples"
