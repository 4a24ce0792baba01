"""Shapes as layers of one ggplot, drawn by lets-plot; texts are not among them.

Drawings lie beside each other on one sheet, to be cut apart: drawing a sheet takes about as long as a drawing does.
No layer has tooltips, which would be worked out for every shape of a page that shows none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.report.pictures.clean import colour
from harness.report.pictures.shapes import Area, Arrow, Box, Drawing, Line, Path, Point

STEP = 1000.0  # pixels from one drawing to the next; none is as wide
_LEAST = 60.0  # pixels: the library makes no lower sheet, and centres what is lower
_LINE = 2.2  # pixels of a line's width by the library's unit
_LARGER = {23: 1.3, 24: 1.15}  # diamonds and triangles, to look as large as a circle

Columns = dict[str, list[Any]]
Plot = Any  # lets_plot has no types


def sheet(drawings: Sequence[Drawing]) -> str:
    """The drawings as SVG, each `STEP` pixels right of the one before."""
    height = max(_LEAST, *(drawing.height for drawing in drawings))
    plot = _ground(STEP * (len(drawings) - 1) + drawings[-1].width, height)
    by_kind = [_by_kind(drawing) for drawing in drawings]
    for kind, (columns, geom) in _KINDS.items():
        data: Columns = {}
        for index, found in enumerate(by_kind):
            for key, values in columns(found[kind]).items():
                moved = [value + STEP * index for value in values] if key in _ACROSS else values
                data.setdefault(key, []).extend(moved)
        if any(data.values()):
            plot += geom(_arrays(data))
    return str(plot.to_svg())


def _by_kind(drawing: Drawing) -> Mapping[type, list[Any]]:
    found: dict[type, list[Any]] = defaultdict(list)
    for shape in drawing.shapes:
        found[type(shape)].append(shape)
    return found


def _ground(width: float, height: float) -> Plot:
    """Nothing but pixels; y counts down as negative numbers."""
    import lets_plot as lp

    plot = lp.ggplot() + lp.scale_color_identity() + lp.scale_fill_identity() + lp.scale_size_identity()
    plot += lp.scale_alpha_identity() + lp.scale_shape_identity() + lp.scale_linetype_identity()
    plot += lp.scale_x_continuous(limits=[0, width], expand=[0, 0])
    plot += lp.scale_y_continuous(limits=[-height, 0], expand=[0, 0])
    bare = lp.theme(plot_margin=0, plot_inset=0, legend_position="none", plot_background=lp.element_blank())
    return plot + lp.theme_void() + bare + lp.ggsize(width, height)


def _arrays(columns: Columns) -> dict[str, Any]:
    """Arrays, because the library looks at each value of a list."""
    import numpy

    return {key: numpy.array(values) for key, values in columns.items()}


def _box_columns(shapes: Sequence[Box]) -> Columns:
    return {
        "xmin": [shape.x for shape in shapes],
        "xmax": [shape.x + shape.width for shape in shapes],
        "ymin": [-shape.y - shape.height for shape in shapes],
        "ymax": [-shape.y for shape in shapes],
        "fill": [colour(shape.colour) for shape in shapes],
        "alpha": [shape.opacity for shape in shapes],
        "size": [shape.edge / _LINE for shape in shapes],
    }


def _boxes(data: dict[str, Any]) -> Plot:
    from lets_plot import aes, geom_rect

    place = {key: key for key in ("xmin", "xmax", "ymin", "ymax", "fill", "alpha", "size")}
    return geom_rect(aes(**place, color="fill"), data=data, tooltips="none")


def _area_columns(shapes: Sequence[Area]) -> Columns:
    return _outlines([(shape.outline, shape.colour, shape.opacity, 0.0) for shape in shapes])


def _areas(data: dict[str, Any]) -> Plot:
    from lets_plot import aes, geom_polygon

    return geom_polygon(aes("x", "y", group="group", fill="color", alpha="alpha"), data=data, size=0, tooltips="none")


def _path_columns(shapes: Sequence[Path]) -> Columns:
    return _outlines([(shape.places, shape.colour, shape.opacity, shape.width / _LINE) for shape in shapes])


def _paths(data: dict[str, Any]) -> Plot:
    from lets_plot import aes, geom_path

    shown = aes("x", "y", group="group", color="color", alpha="alpha", size="size")
    return geom_path(shown, data=data, tooltips="none")


def _outlines(shapes: Sequence[tuple[Sequence[tuple[float, float]], str, float, float]]) -> Columns:
    """Places one below the other; `group` (told apart between drawings by its place) is the shape's number."""
    each = [(*place, i, *rest) for i, (places, *rest) in enumerate(shapes) for place in places]
    columns = list(zip(*each, strict=True)) or [()] * 6
    x, y, group, tone, opacity, size = (list(column) for column in columns)
    down, painted = [-number for number in y], [colour(name) for name in tone]
    return {"x": x, "y": down, "group": group, "color": painted, "alpha": opacity, "size": size}


def _line_columns(shapes: Sequence[Line]) -> Columns:
    return {
        "x": [shape.x for shape in shapes],
        "y": [-shape.y for shape in shapes],
        "xend": [shape.x_end for shape in shapes],
        "yend": [-shape.y_end for shape in shapes],
        "color": [colour(shape.colour) for shape in shapes],
        "alpha": [shape.opacity for shape in shapes],
        "size": [shape.width / _LINE for shape in shapes],
        "linetype": ["dashed" if shape.dashed else "solid" for shape in shapes],
    }


def _lines(data: dict[str, Any]) -> Plot:
    from lets_plot import aes, geom_segment

    place = {key: key for key in ("xend", "yend", "color", "alpha", "size", "linetype")}
    return geom_segment(aes("x", "y", **place), data=data, tooltips="none")


def _arrow_columns(shapes: Sequence[Arrow]) -> Columns:
    return {
        "x": [shape.x_end + (-2 if shape.x_end > shape.x else 2) for shape in shapes],
        "y": [-shape.y_end for shape in shapes],
        "xend": [shape.x_end for shape in shapes],
        "color": [colour(shape.colour) for shape in shapes],
    }


def _arrows(data: dict[str, Any]) -> Plot:
    from lets_plot import aes, arrow, geom_segment

    head = arrow(angle=28, length=6, type="closed")
    return geom_segment(
        aes("x", "y", xend="xend", yend="y", color="color"), data=data, size=0.3, arrow=head, tooltips="none"
    )


def _point_columns(shapes: Sequence[Point]) -> Columns:
    return {
        "x": [shape.x for shape in shapes],
        "y": [-shape.y for shape in shapes],
        "shape": [shape.shape for shape in shapes],
        "color": [colour(shape.colour) for shape in shapes],
        "fill": [colour(shape.fill) for shape in shapes],
        "size": [shape.radius * _LARGER.get(shape.shape, 1.0) * 2 / _LINE - 1 for shape in shapes],
    }


def _points(data: dict[str, Any]) -> Plot:
    from lets_plot import aes, geom_point

    shown = aes("x", "y", shape="shape", color="color", fill="fill", size="size")
    return geom_point(shown, data=data, stroke=0.8, tooltips="none")


_ACROSS = ("x", "xend", "xmin", "xmax", "group")

# In this order one above the other.
_KINDS: dict[type, tuple[Callable[[Any], Columns], Callable[[dict[str, Any]], Plot]]] = {
    Box: (_box_columns, _boxes),
    Area: (_area_columns, _areas),
    Line: (_line_columns, _lines),
    Path: (_path_columns, _paths),
    Arrow: (_arrow_columns, _arrows),
    Point: (_point_columns, _points),
}
