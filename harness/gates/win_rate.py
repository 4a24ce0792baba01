"""The candidate must be shown to beat the baseline on more than a share of the samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from harness.core.decisions import Finding
from harness.gates.interface import Evidence, Said, conclude

if TYPE_CHECKING:  # NumPy comes with these, and a release is read without it
    from harness.stats.series import Pair, Series, Settings


@dataclass(frozen=True, slots=True)
class WinRate:
    """PASS where the lower bound of the share of wins exceeds the threshold; a tie counts half.

    Without ties the bounds are exact. With ties the verdict must be the same where they are dropped and where they
    count as losses: else it would hang on how to count, and is INCONCLUSIVE.
    """

    compares: ClassVar[bool] = True
    aggregates: ClassVar[tuple[str, ...]] = ("rate", "mean")
    good: ClassVar[str] = "above"
    of: ClassVar[str] = "wins"

    threshold: float

    def find(self, evidence: Evidence, settings: Settings) -> Finding:
        """The finding on the share of wins."""
        wins = _wins(evidence.pair)
        found = self._conclude(wins, settings)
        if not (wins.values == 0.5).any():
            return found
        # How few samples may pass is decided once, on all of them; groups must do for each way of counting.
        others = [self._conclude(other, replace(settings, min_samples=0)) for other in _otherwise(wins)]
        passes = found.passes and all(other.passes for other in others)
        claims = [p for one in (found, *others) if (p := one.p_fail) is not None]
        p_fail = max(claims) if len(claims) == 1 + len(others) else None
        turned = found.passes != passes or _fails(found.p_fail, settings) != _fails(p_fail, settings)
        told = f"{found.reason}; {_HANGS}" if found.reason and turned else _HANGS if turned else found.reason
        return replace(found, passes=passes, p_fail=p_fail, reason=told)

    def _conclude(self, wins: Series, settings: Settings) -> Finding:
        from harness.stats.analysis import absolute
        from harness.stats.series import weakness

        # Ties raise no floor: a PASS has to hold with them as losses too, and those bounds are exact at any size.
        weak, needed = weakness(replace(wins, aggregate="rate"), settings), self.needed(wins, settings)
        return conclude(absolute(wins, settings), self.threshold, above=True, weakness=weak, needed=needed)

    def needed(self, series: Series, settings: Settings) -> int | None:
        """The samples that show the share if all are won; ties need more."""
        from harness.stats.power import rate_needs

        return max(rate_needs(self.threshold, settings), settings.min_samples)

    def asks(self, limit: str, other: str) -> str:
        """The share of wins."""
        return f"better than {other} on over {limit}"

    def promise(self, said: Said) -> str:
        """The share of wins lies above the threshold."""
        share = f"on more than {said.limit} of such cases (a tie counts half)"
        return f"On {said.cases} test cases, {said.what} beats that of {said.other} {share}{said.end}"

    def refusal(self, said: Said) -> str:
        """It lies below."""
        return f"beats {said.other} measurably less often than was agreed"


_HANGS = "the verdict hangs on how ties are counted (as a half, as a loss, or not at all)"


def _fails(p_fail: float | None, settings: Settings) -> bool:
    return p_fail is not None and p_fail <= settings.alpha


def _wins(pair: Pair) -> Series:
    """1 for each sample that is won, 0.5 for a tie, 0 for a loss; NaN where a score is no number."""
    import numpy as np

    from harness.stats.series import Series

    ours, theirs = pair.candidate.goodness, pair.baseline.goodness
    if ours.n != theirs.n:
        raise ValueError("pairs need the same samples on both sides")
    # Means over repeats that are equal on paper may differ in their last bit.
    ahead = np.sign(np.round(ours.values - theirs.values, 12))
    return Series("mean" if (ahead == 0).any() else "rate", (ahead + 1) / 2, ours.groups)


def _otherwise(wins: Series) -> tuple[Series, Series]:
    """The two other ways to count ties: dropped, and as losses."""
    decided = wins.values != 0.5
    groups = None if wins.groups is None else wins.groups[decided]
    dropped = replace(wins, aggregate="rate", values=wins.values[decided], groups=groups)
    return dropped, replace(wins, aggregate="rate", values=(wins.values == 1).astype(float))
