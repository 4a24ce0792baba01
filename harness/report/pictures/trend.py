"""A metric over decisions, small enough for a row of a table."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.verdicts import Verdict
from harness.report.page import Picture
from harness.report.past import PastPoint
from harness.report.pictures import shapes
from harness.report.pictures.canvas import SHAPES, Size, known, picture, span
from harness.report.words import Unit

_SMALL = (Size("wide", 120), Size("narrow", 120))
_HEIGHT = 28


def trend(name: str, points: Sequence[PastPoint], unit: Unit) -> Picture | None:
    """The metric `name` from decision to decision, oldest first, as one line; None with fewer than two points."""
    shown = [point for point in points if known(point.value) is not None][-30:]
    if len(shown) < 2:
        return None
    first, last = (unit(point.value, 1) for point in (shown[0], shown[-1]))
    return picture(lambda size: _draw(size, shown), f"{name} over {len(shown)} decisions: {first}, now {last}.", _SMALL)


def _draw(size: Size, points: Sequence[PastPoint]) -> shapes.Drawing:
    low, high = span([point.value for point in points])
    step = (size.width - 16) / (len(points) - 1)
    places = tuple(
        (8 + index * step, _HEIGHT - 6 - (_HEIGHT - 12) * (point.value - low) / (high - low))
        for index, point in enumerate(points)
    )
    verdict = Verdict(points[-1].verdict)
    tone = verdict.value.lower()
    edge, fill = (tone, "paper") if verdict is Verdict.INCONCLUSIVE else ("paper", tone)
    end = shapes.Point(*places[-1], SHAPES[verdict], edge, fill, 4.5)
    return shapes.Drawing(size.width, _HEIGHT, (shapes.Path(places, "soft", 1.5), end))
