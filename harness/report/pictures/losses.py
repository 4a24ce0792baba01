"""The losses of a training over its steps."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.page import Picture
from harness.report.pictures import shapes
from harness.report.pictures.canvas import Size, known, picture, span, ticks, wide
from harness.report.pictures.frame import Frame, apart

Step = tuple[float, float]

_MOST = 400  # points of a line; nobody sees more


def losses(trained: Sequence[Step], validated: Sequence[Step], kept: float | None) -> Picture | None:
    """Training and validation loss by step, and the step whose weights were kept."""
    lines = {name: _seen(steps) for name, steps in (("training", trained), ("validation", validated))}
    shown = {name: steps for name, steps in lines.items() if steps}
    if not shown:
        return None
    ends = "; ".join(f"{name} from {steps[0][1]:.3g} to {steps[-1][1]:.3g}" for name, steps in shown.items())
    alt = f"Loss by step: {ends}." + (f" Step {kept:,.0f} was kept." if known(kept) is not None else "")
    return picture(lambda size: _draw(size, shown, known(kept)), alt)


def _seen(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps whose loss is a number, thinned out; the last one stays."""
    found = [(x, y) for x, y in steps if known(x) is not None and known(y) is not None]
    every = -(-len(found) // _MOST) or 1
    return tuple(found[: len(found) - 1 : every] + found[-1:])


def _draw(size: Size, lines: dict[str, tuple[Step, ...]], kept: float | None) -> shapes.Drawing:
    steps = [step for each in lines.values() for step in each]
    xs = [x for x, _ in steps] + ([] if kept is None else [kept])
    across = (min(xs), max(xs)) if max(xs) > min(xs) else span(xs)
    top = span([0.0, *(y for _, y in steps)])[1]
    names = {name: f"{name} {points[-1][1]:.3g}" for name, points in lines.items()}
    frame = Frame(size, 260, across, (0.0, top), "loss", 14 + max(wide(text, 12) for text in names.values()))
    x_ticks = [(tick, f"{tick:,.0f}") for tick in ticks(*across) if tick == round(tick)]
    drawn = list(frame.axes(x_ticks, [(tick, f"{tick:g}") for tick in ticks(0.0, top, 5)], "steps"))
    if kept is not None:
        drawn += _kept(frame, kept)
    heights = apart([frame.y(points[-1][1]) for points in lines.values()], 16)
    for (name, points), height in zip(lines.items(), heights, strict=True):
        ours = name == "validation"
        tone, places = ("ours" if ours else "theirs"), tuple((frame.x(x), frame.y(y)) for x, y in points)
        if len(places) > 1:
            drawn.append(shapes.Path(places, tone, 2.5 if ours else 1.25))
        if len(places) <= (40 if ours else 1):
            drawn += [shapes.Point(x, y, 21, "paper", tone, 3.5) for x, y in places]
        drawn.append(shapes.Text(frame.right + 10, height, names[name], tone, 12, bold=ours))
    return shapes.Drawing(size.width, frame.height, tuple(drawn))


def _kept(frame: Frame, kept: float) -> list[shapes.Shape]:
    x, text = frame.x(kept), f"kept: step {kept:,.0f}"
    half = wide(text, 11) / 2
    middle = min(max(x, frame.left + half), frame.size.width - half)
    line = shapes.Line(x, 18, x, frame.height - 26, "ink", 1, dashed=True)
    return [line, shapes.Text(middle, 9, text, "ink", 11, "middle")]
