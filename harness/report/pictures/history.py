"""A metric over the decisions of a release."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.page import Picture
from harness.report.past import PastPoint
from harness.report.pictures import shapes
from harness.report.pictures.canvas import SHAPES, Size, fit, known, picture, span, ticks, wide
from harness.report.pictures.frame import Frame
from harness.report.words import Unit

_MOST, _MOST_NARROW = 30, 14  # decisions that can be told apart

Points = Sequence[tuple[str, PastPoint]]


def history(name: str, points: Points, threshold: float | None, unit: Unit) -> Picture | None:
    """The metric `name` from decision to decision, oldest first, by the decisions' labels, against the threshold.

    The last 30 are drawn, on a phone the last 14; None where no decision has a number.
    """
    shown = [(label, point) for label, point in points if known(point.value) is not None][-_MOST:]
    if not shown:
        return None
    told = ", ".join(f"{label} {unit(point.value, 1)} {point.verdict}" for label, point in shown[-6:])
    limit = known(threshold)
    alt = f"{name} by decision: {told}." + ("" if limit is None else f" The threshold is {unit(limit, 1)}.")
    return picture(lambda size: _draw(size, name, shown, limit, unit), alt)


def _draw(size: Size, name: str, points: Points, threshold: float | None, unit: Unit) -> shapes.Drawing:
    points = points[-_MOST_NARROW:] if size.narrow else points
    numbers = [number for _, point in points for number in (point.value, point.low, point.high)]
    up = span([*numbers, threshold], 0.1)
    last = unit(points[-1][1].value, 1)
    limit = "" if threshold is None else f"threshold {unit(threshold, 1)}"
    room = 16 + max(wide(last, 12.5), 0 if size.narrow else wide(limit, 11))
    title = fit(name, size.width - (wide(limit, 11) + 12 if size.narrow else 0), 11.5)
    frame = Frame(size, 220, (-0.5, len(points) - 0.5), up, title, room)
    x_ticks = [(index, fit(label, 84, 11)) for index, (label, _) in enumerate(points)]
    drawn = list(frame.axes(x_ticks, [(tick, unit(tick, _decimals(up, unit))) for tick in ticks(*up, 5)]))
    if threshold is not None:
        drawn += _threshold(frame, threshold, limit)
    path = tuple((frame.x(index), frame.y(point.value)) for index, (_, point) in enumerate(points))
    if len(path) > 1:
        drawn.append(shapes.Path(path, "soft", 1))
    for (x, y), (_, point) in zip(path, points, strict=True):
        drawn += _point(frame, x, y, point)
    drawn.append(shapes.Text(path[-1][0] + 12, path[-1][1], last, "ink", 12.5, bold=True))
    return shapes.Drawing(size.width, frame.height, tuple(drawn))


def _decimals(up: tuple[float, float], unit: Unit) -> int:
    """As many as tell the ticks apart."""
    places = ticks(*up, 5)
    return next((d for d in (0, 1, 2, 3) if d >= (unit is words.seconds) and _told(places, unit, d)), 4)


def _told(places: Sequence[float], unit: Unit, decimals: int) -> bool:
    return len({unit(place, decimals) for place in places}) == len(places)


def _threshold(frame: Frame, threshold: float, text: str) -> list[shapes.Shape]:
    y = frame.y(threshold)
    line = shapes.Line(frame.left, y, frame.right, y, "ink", 1.25, dashed=True)
    if frame.size.narrow:
        return [line, shapes.Text(frame.size.width, 9, "– – " + text, "ink", 11, "end")]
    return [line, shapes.Text(frame.right + 8, y, text, "ink", 11)]


def _point(frame: Frame, x: float, y: float, point: PastPoint) -> list[shapes.Shape]:
    verdict = Verdict(point.verdict)
    tone = verdict.value.lower()
    low, high = (y if known(limit) is None else frame.y(float(limit or 0)) for limit in (point.low, point.high))
    hollow = verdict is Verdict.INCONCLUSIVE
    edge, fill = (tone, "paper") if hollow else ("paper", tone)
    return [
        shapes.Line(x, low, x, high, tone, 4, opacity=0.45),
        shapes.Point(x, y, SHAPES[verdict], edge, fill),
    ]
