"""What every rule gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from harness.core.decisions import Finding
from harness.core.estimates import Unestimable

if TYPE_CHECKING:  # NumPy comes with these, and a release is read without it
    from harness.stats.analysis import Analysis
    from harness.stats.series import Pair, Series, Settings


@dataclass(frozen=True, slots=True)
class Evidence:
    """A metric's scores: the candidate's, and beside them the baseline's where the rule compares."""

    candidate: Series
    baseline: Series | None = None

    @property
    def pair(self) -> Pair:
        """Both sides. Raises ValueError where there is no baseline."""
        from harness.stats.series import Pair

        if self.baseline is None:
            raise ValueError("this rule compares, and there is no baseline")
        return Pair(self.candidate, self.baseline)


class Rule(Protocol):
    """A rule. `compares` tells whether it needs a baseline; `threshold` is that of the gate."""

    compares: ClassVar[bool]
    threshold: float

    def find(self, evidence: Evidence, settings: Settings) -> Finding:
        """What the evidence shows. Never a PASS where the evidence is weak or undefined."""
        ...

    def needed(self, series: Series, settings: Settings) -> int | None:
        """Fewest samples on which this gate could PASS at all; None where that is not known."""
        ...


def conclude(analysis: Analysis, bound: float, *, above: bool, weakness: str | None, needed: int | None) -> Finding:
    """A finding from an analysis: it passes where the bound on the good side clears `bound`, strictly.

    `above`: the truth must lie above `bound`, else below. A bound within two Monte-Carlo errors proves nothing.
    """
    evidence = analysis.evidence
    if isinstance(evidence, Unestimable):
        return Finding(evidence, bound, reason=evidence.reason, needed=needed)
    limit = evidence.low if above else evidence.high
    clears = limit is not None and (limit > bound if above else limit < bound)
    noisy = limit is not None and analysis.noise is not None and abs(limit - bound) < 2 * analysis.noise
    reason = weakness or ("the bootstrap's own noise could turn the verdict" if noisy else "")
    p_fail = analysis.p_below(bound) if above else analysis.p_above(bound)
    if analysis.noise is not None and weakness:
        p_fail = None  # a bootstrap on too few samples supports no claim in either direction
    return Finding(evidence, bound, clears and not reason, p_fail, reason=reason, needed=needed)
