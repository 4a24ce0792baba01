"""All gates against their thresholds: one line for all thresholds, and the good side to the right of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.page import Picture
from harness.report.pictures.canvas import SHAPES, known, picture, signed, ticks
from harness.report.pictures.layout import draw
from harness.report.pictures.strips import Dot, Note, Panel, Strip, limits_of

_ABOUT = {"points": "percentage points", "%": "per cent of the limit", "s": "seconds"}


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One gate: what was found and what its threshold is.

    `value`, `low` and `high` are on the scale of `bound` (shares or seconds), None where there is none: a gate
    without a number gets a row that says so. `good` is the side of the bound on which the gate wants the truth.
    `shown` is what the picture calls the verdict ("": glyph and word of the verdict).
    """

    name: str
    verdict: Verdict
    value: float | None = None
    low: float | None = None
    high: float | None = None
    bound: float | None = None
    good: Literal["above", "below"] = "above"
    family: Literal["points", "seconds"] = "points"
    value_text: str = ""
    bound_text: str = ""
    shown: str = ""


def intervals(rows: Sequence[IntervalRow], alt: str = "", limit: str = "threshold") -> Picture | None:
    """Every gate's distance from its threshold, in points or, for times, in per cent of the limit.

    `alt` replaces what a screen reader says of the picture; `limit` is what the picture calls the threshold.
    """
    kinds = [kind for kind in ("points", "%", "s") if any(_kind(row) == kind for row in rows)]
    panels = [_panel([row for row in rows if _kind(row) == kind], kind, limit) for kind in kinds]
    return picture(lambda size: draw(panels, size), alt or _said(rows)) if rows else None


def _kind(row: IntervalRow) -> str:
    """The unit of a row's scale: times are held against their limit, unless that is 0."""
    return "points" if row.family == "points" else "%" if row.bound else "s"


def _panel(rows: Sequence[IntervalRow], kind: str, limit: str) -> Panel:
    strips = tuple(_strip(row, kind) for row in rows)
    if not any(strip.dots for strip in strips):
        return Panel(strips, (), (-1.0, 1.0))
    limits = limits_of(strips, 0.0, least=0.0 if kind == "s" else 2.0)
    places = ticks(*limits)
    marks = tuple((place, signed(place)) for place in places)
    return Panel(strips, marks, limits, words.SPACE + kind, _ABOUT[kind], 0.0, limit, "← misses it", "meets it →")


def _strip(row: IntervalRow, kind: str) -> Strip:
    tone = row.verdict.value.lower()
    verdict = Note(row.shown or f"{words.GLYPHS[row.verdict]} {row.verdict.value}", tone, bold=True)
    value, low, high = (_distance(row, known(number), kind) for number in (row.value, row.low, row.high))
    if row.good == "below":
        low, high = high, low
    if value is None:
        return Strip(row.name, row.bound_text, (), (verdict,), missing=_missing(row))
    dot = Dot(value, low, high, tone, SHAPES[row.verdict], row.verdict is Verdict.INCONCLUSIVE)
    return Strip(row.name, row.bound_text, (dot,), (Note(row.value_text), verdict))


def _missing(row: IntervalRow) -> str:
    return "no number to draw" if row.value_text == words.NOTHING else row.value_text or words.NOT_MEASURED


def _distance(row: IntervalRow, number: float | None, kind: str) -> float | None:
    """How far a number lies on the good side of the bound, in the unit of the scale."""
    bound = known(row.bound)
    if number is None or bound is None:
        return None
    far = number - bound if row.good == "above" else bound - number
    return far if kind == "s" else 100 * far / (abs(bound) if kind == "%" else 1)


def _said(rows: Sequence[IntervalRow]) -> str:
    verdicts = Counter(row.verdict.value for row in rows)
    totals = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    others = "; ".join(f"{row.name} {row.verdict.value}" for row in rows if row.verdict is not Verdict.PASS)
    return f"{words.count(len(rows), 'gate')} against their thresholds: {totals}." + (f" {others}." if others else "")
