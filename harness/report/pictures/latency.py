"""How long the answers took."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from harness.report import words
from harness.report.material import CANDIDATE
from harness.report.page import Picture
from harness.report.pictures.canvas import known, picture, span, ticks
from harness.report.pictures.layout import draw
from harness.report.pictures.strips import Dot, Note, Panel, Strip

_HEAVY = 8.0  # the longest by the middle one, from which on a scale of equal steps would hide the middle
_POINTS = 60


def latency(times: Mapping[str, Sequence[float]]) -> Picture | None:
    """The distribution of seconds for each model, with its middle and its 95th percentile.

    The scale is logarithmic where the longest times are far above the middle ones, and says so.
    """
    found = {
        role: sorted(time for time in each if known(time) is not None and time > 0) for role, each in times.items()
    }
    if not any(found.values()):
        return None
    every = [time for each in found.values() for time in each]
    heavy = max(every) > _HEAVY * sorted(every)[len(every) // 2]
    marks = {role: (_quantile(each, 0.5), _quantile(each, 0.95)) for role, each in found.items() if each}
    told = "; ".join(
        f"{role}: p50 {words.seconds(p50)}, p95 {words.seconds(p95)}" for role, (p50, p95) in marks.items()
    )
    panel = _panel(found, heavy)
    return picture(lambda size: draw([panel], size), f"How long answers took. {told}.")


def _quantile(ascending: Sequence[float], share: float) -> float:
    """The least time within which that share of the answers came."""
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]


def _panel(found: Mapping[str, Sequence[float]], heavy: bool) -> Panel:
    every = [time for each in found.values() for time in each]
    if heavy:
        limits = span([math.log10(min(every)), math.log10(max(every))], 0.04)
        powers = range(math.floor(limits[0]), math.ceil(limits[1]) + 1)
        steps = [step * 10.0**power for power in powers for step in (1, 2, 5)]
        places = [(math.log10(step), step) for step in steps if limits[0] <= math.log10(step) <= limits[1]]
        about = "logarithmic scale"
    else:
        limits = (0.0, span([0.0, *every])[1])
        places = [(step, step) for step in ticks(*limits)]
        about = "seconds"
    strips = tuple(_strip(role, each, limits, heavy) for role, each in found.items())
    return Panel(
        strips, tuple((place, f"{step:g}") for place, step in places), limits, words.SPACE + "s", about, beside=True
    )


def _strip(role: str, times: Sequence[float], limits: tuple[float, float], heavy: bool) -> Strip:
    tone = "ours" if role == CANDIDATE else "theirs"
    if not times:
        return Strip(role, missing="no answer was timed")
    ends = [_quantile(times, 0.5), _quantile(times, 0.95)]
    at = [math.log10(time) if heavy else time for time in ends]
    dots = (Dot(at[0], None, None, tone, 21, bare=True), Dot(at[1], None, None, tone, 24, bare=True))
    notes = tuple(
        Note(f"{glyph} {name} {words.seconds(time)}", tone, bold)
        for glyph, name, time, bold in (("●", "p50", ends[0], True), ("▲", "p95", ends[1], False))
    )
    hill = _hill([math.log10(time) for time in times] if heavy else times, limits)
    return Strip(role, words.count(len(times), "answer"), dots, notes, hill)


def _hill(values: Sequence[float], limits: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """The density of the values, its peak at 1: a Gaussian kernel as wide as Silverman's rule says."""
    import numpy

    given = numpy.asarray(values, dtype=float)
    low, high = numpy.percentile(given, [25, 75])
    spread = min(float(given.std()), float(high - low) / 1.34) or float(given.std()) or (limits[1] - limits[0]) / 30
    width = max(0.9 * spread * len(given) ** -0.2, (limits[1] - limits[0]) / 200)
    grid = numpy.linspace(*limits, _POINTS * 2)
    heights = numpy.exp(-0.5 * ((grid[:, None] - given[None, :]) / width) ** 2).sum(axis=1)
    return tuple(zip(grid.tolist(), (heights / heights.max()).tolist(), strict=True))
