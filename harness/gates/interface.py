"""What every rule gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from harness.core.decisions import Finding
from harness.core.estimates import Unestimable

if TYPE_CHECKING:  # NumPy comes with these, and a release is read without it
    from harness.stats.analysis import Analysis
    from harness.stats.series import Pair, Series, Settings

OF_GROUPS = "of groups"  # ends the method of an estimate whose n counts groups of samples


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


@dataclass(frozen=True, slots=True)
class Said:
    """What a rule's sentences are made of, ready to be shown.

    `what` is the metric, `cases` how many were judged ("240", "60 groups of") and `sure` how surely; `limit` is the
    threshold, and `other` what the candidate is held against ("" where the rule does not compare). `unchanged`: that is
    itself on unchanged texts.
    """

    what: str
    cases: str
    sure: str
    limit: str
    other: str
    unchanged: bool = False

    @property
    def start(self) -> str:
        """How a promise usually begins."""
        return f"On {self.cases} test cases, {self.what} is"

    @property
    def end(self) -> str:
        """How a promise usually ends: without an estimate there is nothing to be sure of."""
        return f", with {self.sure} confidence." if self.sure else "."


class Rule(Protocol):
    """A rule. `threshold` is that of the gate.

    `compares` tells whether it needs a baseline. `aggregates` are those of the metrics that it takes (none named: all).
    `good` is the side of the bound where the truth must lie, "above" or "below". The bound lies on a difference where
    `of` is "difference", else on the value of `of` ("" is the metric itself).
    """

    compares: ClassVar[bool]
    aggregates: ClassVar[tuple[str, ...]]
    good: ClassVar[str]
    of: ClassVar[str]
    threshold: float

    def find(self, evidence: Evidence, settings: Settings) -> Finding:
        """What the evidence shows. Never a PASS where the evidence is weak or undefined."""
        ...

    def needed(self, series: Series, settings: Settings) -> int | None:
        """Fewest samples on which this gate could PASS at all; None where that is not known."""
        ...

    def asks(self, limit: str, other: str) -> str:
        """What is asked, in a few words: at least 90 %."""
        ...

    def promise(self, said: Said) -> str:
        """The client's whole sentence where the gate passes."""
        ...

    def refusal(self, said: Said) -> str:
        """What the new model does where the gate fails: "is measurably worse than …"."""
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
    far = evidence.high if above else evidence.low
    beyond = far is not None and (far < bound if above else far > bound)
    if p_fail is not None and p_fail <= 1 - evidence.level and not beyond:
        p_fail = 1.0  # a claim that the bounds do not bear out is none, but it is still counted by Holm
    if analysis.noise is not None and weakness:
        p_fail = None  # a bootstrap on too few samples supports no claim in either direction
    return Finding(evidence, bound, clears and not reason, p_fail, reason=reason, needed=needed)
