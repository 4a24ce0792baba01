"""Why one of several trainings goes on, and what is to be known of such a choice."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.directions import Better
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.trainings import VALIDATION_LOSS
from harness.report import words
from harness.report.experiments.view import Contestant

_NAMED = 4


def verdict(ranked: Sequence[Contestant], choose: str, better: Better) -> str:
    """One sentence or two; `ranked` are those with an adapter, the best first."""
    best, *others = ranked
    if not others:
        return f"{best.name} goes on: there is no other one to choose."
    found = best.metrics.get(choose)
    if choose == VALIDATION_LOSS or not isinstance(found, Estimate):
        second = f"; {others[0].name} comes next with {others[0].loss:.4f}" if others[0].loss is not None else ""
        return f"{best.name} goes on: its validation loss, {best.loss:.4f}, is the lowest of {len(ranked)}{second}."
    limits = words.interval(found.low, found.high, words.percent)
    shown = words.percent(found.value) + (f" ({limits})" if limits != words.NOTHING else "")
    end = "highest" if better is Better.HIGHER else "lowest"
    said = f"{best.name} goes on: its {choose}, {shown} on {found.n:,} samples, is the {end} of {len(ranked)}"
    return f"{said}{_tied(found, best, others, choose)}.{_rivals(others)}"


def notes(ranked: Sequence[Contestant], choose: str, warnings: Sequence[str]) -> tuple[str, ...]:
    """What is to be said beside the table."""
    caveat = (
        f"The best of {len(ranked)} on validation data is flattered by the choice, and the intervals do not allow for "
        "it: the release's own suites, on rows that chose nothing, tell how good it is."
    )
    plain = "A validation loss is one number without an interval: small differences of losses mean little."
    several = len(ranked) > 1
    return (*([caveat] if several else []), *([plain] if several and choose == VALIDATION_LOSS else []), *warnings)


def _tied(found: Estimate, best: Contestant, others: Sequence[Contestant], choose: str) -> str:
    same = [one for one in others if isinstance(its := one.metrics[choose], Estimate) and its.value == found.value]
    if not same:
        return ""
    by = "the lower validation loss" if best.loss is not None and best.loss != same[0].loss else "its place in the list"
    return f" (as that of {_names(same)}; {by} decided)"


def _rivals(others: Sequence[Contestant]) -> str:
    """Those that the data do not show to be worse."""
    near = [one for one in others if _may_be_as_good(one)]
    if not near:
        return " All others are shown to be worse."
    return f" No clear winner: the intervals overlap, and {_names(near)} may be as good."


def _may_be_as_good(one: Contestant) -> bool:
    found = one.difference
    if isinstance(found, Comparison):
        return found.high is None or found.high >= 0
    return isinstance(found, Unestimable)


def _names(several: Sequence[Contestant]) -> str:
    shown = ", ".join(one.name for one in several[:_NAMED])
    more = len(several) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
