"""The candidate minus each baseline, metric by metric, around one line for no difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.report import words
from harness.report.page import Picture
from harness.report.pictures.canvas import known, picture, signed, ticks
from harness.report.pictures.layout import draw
from harness.report.pictures.strips import Dot, Note, Panel, Strip, limits_of

Family = Literal["points", "seconds"]

_ABOUT: dict[Family, str] = {
    "points": "percentage points, better to the right",
    "seconds": "seconds, better to the right",
}


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """The candidate minus `baseline` on a metric, in shares or seconds; None where it was not measured.

    `good` is the side of 0 on which the candidate is the better one.
    """

    metric: str
    baseline: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    good: Literal["above", "below"] = "above"
    family: Family = "points"
    value_text: str = ""


def differences(rows: Sequence[DifferenceRow]) -> Picture | None:
    """Every difference with its interval; right of the line the candidate is better."""
    families: tuple[Family, ...] = ("points", "seconds")
    panels = [_panel(family, found) for family in families if (found := [row for row in rows if row.family == family])]
    alt = f"The candidate against its baselines on {words.count(len(rows), 'comparison')}: {_said(rows)}."
    return picture(lambda size: draw(panels, size), alt) if rows else None


def _panel(family: Family, rows: Sequence[DifferenceRow]) -> Panel:
    several = len({row.baseline for row in rows}) > 1
    strips = tuple(_strip(row, f"against {row.baseline}" if several else "") for row in rows)
    if not any(strip.dots for strip in strips):
        return Panel(strips, (), (-1.0, 1.0))
    limits = limits_of(strips, 0.0, least=2.0 if family == "points" else 0.0)
    places = ticks(*limits)
    unit = words.SPACE + ("points" if family == "points" else "s")
    marks = tuple((place, signed(place)) for place in places)
    return Panel(strips, marks, limits, unit, _ABOUT[family], 0.0, "no difference", "← worse", "better →")


def _strip(row: DifferenceRow, detail: str) -> Strip:
    value, low, high = (_better(row, number) for number in (row.value, row.low, row.high))
    if row.good == "below":
        low, high = high, low
    if value is None:
        return Strip(row.metric, detail, missing=row.value_text or words.NOT_MEASURED)
    tone = "pass" if low is not None and low > 0 else "fail" if high is not None and high < 0 else "neutral"
    dot = Dot(value, low, high, tone, {"pass": 21, "fail": 23}.get(tone, 21), tone == "neutral")
    word = {"pass": "better", "fail": "worse"}.get(tone, "unclear")
    shown = row.value_text.removesuffix(f"{words.SPACE}points")
    return Strip(row.metric, detail, (dot,), (Note(word, tone, True, f"{shown}  "),))


def _better(row: DifferenceRow, number: float | None) -> float | None:
    """The number in the scale's unit, turned so that more is better."""
    if (found := known(number)) is None:
        return None
    return found * (100 if row.family == "points" else 1) * (1 if row.good == "above" else -1)


def _said(rows: Sequence[DifferenceRow]) -> str:
    return "; ".join(f"{row.metric} against {row.baseline} {row.value_text or words.NOT_MEASURED}" for row in rows)
