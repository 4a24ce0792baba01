"""Numbers of the stored runs as cells, the same in every table."""

from __future__ import annotations

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.report import words
from harness.report.guard import label
from harness.report.numbers import Own
from harness.report.page import Cell, missing, number
from harness.report.words import Unit

REASON = 300


def own_cell(found: Own | None, unit: Unit = words.percent) -> Cell:
    """A model's number with its limits below; None is a model that did not answer this."""
    if found is None:
        return missing("it has not run this")
    if isinstance(found, Unestimable):
        return missing(label(found.reason, REASON))
    limits = words.interval(found.low, found.high, unit)
    return number(unit(found.value, 1), "" if limits == words.NOTHING else limits)


def tone(found: Comparison) -> str:
    """Better or worse only where the interval leaves no doubt."""
    if found.low is not None and found.low > 0:
        return "better"
    return "worse" if found.high is not None and found.high < 0 else "neutral"


def known(found: Own | None) -> Estimate | None:
    """The estimate, None where there is no number."""
    return found if isinstance(found, Estimate) else None
