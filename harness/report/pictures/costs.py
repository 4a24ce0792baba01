"""What a thousand requests cost against what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.report import words
from harness.report.material import CANDIDATE
from harness.report.page import Picture
from harness.report.pictures import shapes
from harness.report.pictures.canvas import Size, fit, known, picture, span, ticks, wide
from harness.report.pictures.frame import Frame, apart


@dataclass(frozen=True, slots=True)
class CostPoint:
    """One model: the cost of a thousand requests, and its quality as a share with the limits of its interval.

    `role` is material.CANDIDATE or a baseline's name.
    """

    role: str
    cost: float
    quality: float
    low: float | None = None
    high: float | None = None


def costs(points: Sequence[CostPoint], currency: str, metric: str) -> Picture | None:
    """Each model's cost of a thousand requests against its value on `metric`; None where there is no model."""
    shown = [point for point in points if known(point.cost) is not None and known(point.quality) is not None]
    if not shown:
        return None
    told = "; ".join(f"{p.role}: {money(p.cost)} {currency}, {words.percent(p.quality)}" for p in shown)
    alt = f"Cost of a thousand requests against {metric}. {told}."
    return picture(lambda size: _draw(size, shown, currency, metric), alt)


def money(amount: float) -> str:
    """An amount with as many decimals as its size asks for: 0.0042, 0.42, 4.20, 42, 1,200."""
    if amount == 0 or amount >= 100:
        return f"{amount:,.0f}"
    return f"{amount:.2f}" if amount >= 0.1 else f"{amount:.2g}"


def _draw(size: Size, points: Sequence[CostPoint], currency: str, metric: str) -> shapes.Drawing:
    up = span([n for p in points for n in (p.quality, p.low, p.high)], 0.1)
    across = (0.0, span([0.0, *(point.cost for point in points)], 0.12)[1])
    title = fit(metric, size.width, 11.5)
    frame = Frame(size, 260, across, up, title, 16)
    x_ticks = [(tick, f"{tick:g}") for tick in ticks(*across, 3 if size.narrow else 6)]
    places = ticks(*up, 5)
    decimals = 0 if all(abs(place * 100 - round(place * 100)) < 1e-6 for place in places) else 1
    y_ticks = [(tick, words.percent(tick, decimals)) for tick in places]
    drawn = list(frame.axes(x_ticks, y_ticks, f"{fit(currency, 60, 11)} a thousand requests"))
    heights = apart([frame.y(point.quality) for point in points], 32)
    for point, height in zip(points, heights, strict=True):
        drawn += _point(frame, point, height, currency)
    return shapes.Drawing(size.width, frame.height, tuple(drawn))


def _point(frame: Frame, point: CostPoint, height: float, currency: str) -> list[shapes.Shape]:
    x, ours = frame.x(point.cost), point.role == CANDIDATE
    tone = "ours" if ours else "theirs"
    low, high = (frame.y(point.quality if known(n) is None else float(n or 0)) for n in (point.low, point.high))
    detail = fit(f"{words.percent(point.quality)}, {money(point.cost)} {currency}", 150, 11)
    name = fit(point.role, 110 if frame.size.narrow else 200, 12.5, ours)
    side = "start" if x + 14 + max(wide(name, 12.5), wide(detail, 11)) < frame.size.width else "end"
    beside = x + (12 if side == "start" else -12)
    return [
        shapes.Line(x, low, x, high, tone, 5, opacity=0.45),
        shapes.Point(x, frame.y(point.quality), 21 if ours else 23, "paper", tone, 6),
        shapes.Text(beside, height - 7, name, tone, 12.5, side, ours),
        shapes.Text(beside, height + 8, detail, "soft", 11, side),
    ]
