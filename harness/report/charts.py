"""Small drawings as SVG. Positions are percentages: a drawing stretches with the page, its text does not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.report.guard import label

Point = tuple[float, float]

_ROOM = 0.24  # of the span, left free on both sides for the texts at the limits


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `start` to `end` as percentages of the width."""

    start: float
    end: float

    def at(self, value: float) -> str:
        """The position as SVG takes it, kept inside the drawing."""
        share = (value - self.start) / (self.end - self.start)
        return f"{100 * min(1.0, max(0.0, share)):.2f}%"


@dataclass(frozen=True, slots=True)
class Span:
    """An estimate against a bound. `good` is "above" or "below" the bound; texts are ready to be shown."""

    title: str
    bound: float
    bound_text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    low_text: str = ""
    high_text: str = ""
    tone: str = "neutral"
    good: str = "above"


def scale_of(*spans: Span) -> Scale:
    """A scale on which all of these fit, with room for their texts."""
    numbers = [number for span in spans for number in (span.bound, span.value, span.low, span.high)]
    known = [number for number in numbers if number is not None]
    width = max(known) - min(known) or 0.1 * abs(max(known)) or 0.1
    return Scale(min(known) - _ROOM * width, max(known) + _ROOM * width)


def span(drawn: Span, scale: Scale | None = None) -> Markup:
    """One estimate with its interval, the bound, and the side of the bound that is good."""
    scale = scale or scale_of(drawn)
    bound = scale.at(drawn.bound)
    good = ("0%", bound) if drawn.good == "below" else (bound, "100%")
    parts = [
        Markup('<line class="good" x1="{}" x2="{}" y1="34" y2="34"/>').format(*good),
        Markup('<line class="axis" x1="0%" x2="100%" y1="34" y2="34"/>'),
        Markup('<line class="bound" x1="{0}" x2="{0}" y1="19" y2="49"/>').format(bound),
        _text(scale, drawn.bound, 13, drawn.bound_text, "bound-text"),
        *_estimate(drawn, scale),
    ]
    return _svg(drawn.title, "span " + drawn.tone, 62, parts)


def _estimate(drawn: Span, scale: Scale) -> list[Markup]:
    if drawn.value is None:
        return []
    low = scale.start if drawn.low is None else drawn.low
    high = scale.end if drawn.high is None else drawn.high
    open_ended = " open" if drawn.low is None or drawn.high is None else ""
    parts = [
        Markup('<line class="interval{}" x1="{}" x2="{}" y1="34" y2="34"/>').format(
            open_ended, scale.at(low), scale.at(high)
        ),
        Markup('<circle class="value" cx="{}" cy="34" r="5.5"/>').format(scale.at(drawn.value)),
    ]
    if drawn.low is not None:
        parts.append(_text(scale, low, 58, drawn.low_text, "limit", "end"))
    if drawn.high is not None:
        parts.append(_text(scale, high, 58, drawn.high_text, "limit", "start"))
    return parts


@dataclass(frozen=True, slots=True)
class Line:
    """A named series of (x, y), in the order of x. `style` is a class of the style sheet."""

    name: str
    style: str
    points: tuple[Point, ...]


def curve(title: str, lines: Sequence[Line], marked: tuple[float, str] | None) -> Markup:
    """Lines over a common x, y from 0, with ticks, and one x marked with a text. The lines must have points.

    The tick texts of y lie left of the drawing: the style sheet leaves the margin for them.
    """
    xs = [x for line in lines for x, _ in line.points]
    top = max(y for line in lines for _, y in line.points) * 1.05 or 1.0
    scale = Scale(min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1)
    paths = [
        Markup('<polyline class="{}" points="{}"/>').format(line.style, _places(line.points, scale, top))
        for line in lines
    ]
    plot = Markup(
        '<svg y="22" width="100%" height="200" viewBox="0 0 100 100" preserveAspectRatio="none">{}</svg>'
    ).format(Markup("").join(paths))
    kept = _marked(*marked, scale) if marked else []
    return _svg(title, "curve", 246, [*_rungs(top), *_steps(scale), *kept, plot])


def _places(points: Sequence[Point], scale: Scale, top: float) -> str:
    return " ".join(f"{scale.at(x).rstrip('%')},{100 - 100 * y / top:.2f}" for x, y in points)


def ticks(start: float, end: float) -> list[float]:
    """Three to seven round numbers from `start` to `end`, which must be larger."""
    rough = (end - start) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * i for i in range(math.ceil(start / step), math.floor(end / step) + 1)]


def _rungs(top: float) -> list[Markup]:
    shape = Markup(
        '<line class="grid" x1="0%" x2="100%" y1="{0:.1f}" y2="{0:.1f}"/>'
        '<text class="tick" x="-8" y="{1:.1f}" text-anchor="end">{2:g}</text>'
    )
    return [shape.format(222 - 200 * y / top, 226 - 200 * y / top, round(y, 9)) for y in ticks(0, top)]


def _steps(scale: Scale) -> list[Markup]:
    return [_text(scale, x, 242, f"{x:,.0f}", "tick") for x in ticks(scale.start, scale.end) if x == round(x)]


def _marked(x: float, text: str, scale: Scale) -> list[Markup]:
    line = Markup('<line class="mark" x1="{0}" x2="{0}" y1="18" y2="222"/>').format(scale.at(x))
    return [line, _text(scale, x, 12, text, "mark-text")]


def _text(scale: Scale, x: float, y: int, text: str, style: str, anchor: str = "") -> Markup:
    """A text at a place; at the edges it leans inwards."""
    place = scale.at(x)
    if not anchor:
        share = float(place.rstrip("%"))
        anchor = "start" if share < 12 else "end" if share > 88 else "middle"
    shape = Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>')
    return shape.format(style, place, y, anchor, label(text))


def _svg(title: str, style: str, height: int, parts: Sequence[Markup]) -> Markup:
    opening = Markup('<svg class="{}" role="img" aria-label="{}" width="100%" height="{}">')
    shape = opening + Markup("<title>{}</title>{}</svg>")
    text = label(title, 300)
    return shape.format(style, text, height, text, Markup("").join(parts))
