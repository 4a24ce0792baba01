"""What each model came to on each metric, as dots with intervals one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.report import words
from harness.report.material import CANDIDATE
from harness.report.page import Picture
from harness.report.pictures.canvas import known, picture, ticks
from harness.report.pictures.differences import Family
from harness.report.pictures.layout import draw
from harness.report.pictures.strips import Dot, Note, Panel, Strip, limits_of


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model on one metric, in shares or seconds; None where it was not measured.

    `role` is material.CANDIDATE or a baseline's name; `shown` is what the picture calls it ("": as the role).
    """

    metric: str
    role: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    family: Family = "points"
    value_text: str = ""
    shown: str = ""

    @property
    def name(self) -> str:
        """What the model is called in the picture."""
        return self.shown or self.role


def models(rows: Sequence[ModelRow]) -> Picture | None:
    """Candidate and baselines, each with its own value, metric by metric."""
    families: tuple[Family, ...] = ("points", "seconds")
    panels = [_panel(family, found) for family in families if (found := [row for row in rows if row.family == family])]
    metrics, roles = (list(dict.fromkeys(getattr(row, key) for row in rows)) for key in ("metric", "name"))
    alt = f"{', '.join(roles)} on {words.count(len(metrics), 'metric')}: {', '.join(metrics)}."
    return picture(lambda size: draw(panels, size), alt) if rows else None


def _panel(family: Family, rows: Sequence[ModelRow]) -> Panel:
    roles = list(dict.fromkeys(row.role for row in rows if row.role != CANDIDATE))
    strips = tuple(
        _strip(metric, [row for row in rows if row.metric == metric], roles)
        for metric in dict.fromkeys(row.metric for row in rows)
    )
    if not any(strip.dots for strip in strips):
        return Panel(strips, (), (0.0, 1.0), beside=True)
    limits = limits_of(strips, least=2.0 if family == "points" else 0.0)
    limits = (max(limits[0], -2.0), min(limits[1], 102.0)) if family == "points" else (max(limits[0], 0.0), limits[1])
    places = ticks(*limits)
    unit = words.SPACE + ("%" if family == "points" else "s")
    return Panel(strips, tuple((place, f"{place:g}") for place in places), limits, unit, beside=True)


def _strip(metric: str, rows: Sequence[ModelRow], roles: Sequence[str]) -> Strip:
    drawn = [(row, value) for row in rows if (value := known(row.value)) is not None]
    dots = tuple(_dot(row, value, _tone(row.role, roles)) for row, value in drawn)
    lost = [row for row in rows if known(row.value) is None]
    notes = [_note(row, f"{row.value_text}  ", _tone(row.role, roles)) for row, _ in drawn]
    notes += [_note(row, f"{words.NOT_MEASURED}  ", "soft") for row in lost]
    return Strip(metric, "", dots, tuple(notes))


def _note(row: ModelRow, lead: str, tone: str) -> Note:
    return Note(row.name, tone, row.role == CANDIDATE, lead)


def _dot(row: ModelRow, value: float, tone: str) -> Dot:
    times = 100 if row.family == "points" else 1
    low, high = (None if (number := known(limit)) is None else number * times for limit in (row.low, row.high))
    return Dot(value * times, low, high, tone, 21 if row.role == CANDIDATE else 23)


def _tone(role: str, roles: Sequence[str]) -> str:
    """The candidate in its own colour, the first baseline in its, further ones in colours apart from both."""
    return "ours" if role == CANDIDATE else ("theirs", "series3", "series4", "series6")[roles.index(role) % 4]
