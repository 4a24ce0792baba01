"""What the library draws, cut down to plain shapes whose colours are variables of the style sheet, and the texts.

Texts are put in here: the library would read links and formulas in them, and takes longer for them than for all else.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from xml.etree import ElementTree

from markupsafe import Markup

from harness.report import guard
from harness.report.pictures.shapes import Drawing, Text

# The variables of templates/style.css. A drawing is made with a marker in the place of each: #0a0000, #0a0001, …
COLOURS = (
    *("paper", "panel", "ink", "soft", "line", "link", "pass", "fail", "inconclusive", "error", "neutral"),
    *("ours", "theirs", "series1", "series2", "series3", "series4", "series5", "series6"),
)

_SHAPES = {
    "line": ("x1", "y1", "x2", "y2"),
    "circle": ("cx", "cy", "r"),
    "rect": ("x", "y", "width", "height"),
    "path": ("d",),
    "polyline": ("points",),
    "polygon": ("points",),
}
_SMALL = 200  # pixels, below which a picture keeps its own width
_MARGIN = 100  # pixels left of a part that still are its own
_DOWN = 0.35  # of a text's size, from its middle height to the line it stands on
_STROKE = ("stroke-width", "stroke-opacity", "stroke-dasharray")
_MARKER = re.compile(r"#0a00([0-9a-f]{2})|rgb\(10,0,(\d+)\)")
_NUMBER = re.compile(r"-?\d+\.\d+(?:E-?\d+)?")
_TRANSLATE = re.compile(r"translate\((\S+) (\S+) *\)")
_ROTATE = re.compile(r"rotate\(-?[1-9]")
_FIRST = re.compile(r"-?\d+(?:\.\d+)?")

Place = tuple[float, float]


def colour(name: str) -> str:
    """The marker of a variable of the style sheet, without its dashes: "ink", "pass", "series1"."""
    return f"#0a00{COLOURS.index(name):02x}"


@dataclass(frozen=True, slots=True)
class Part:
    """A drawing that is cut out of a sheet, from `start` on to the right, and the class that it gets."""

    name: str
    start: float
    drawing: Drawing


def cut(drawn: str, parts: Sequence[Part], alt: str) -> list[Markup]:
    """The parts as they may stand in a page: no ids, links, scripts, styles or fonts of their own.

    The parts come in the order of their starts; `alt` says what is seen in each of them.
    """
    made = [_opening(part, alt) for part in parts]
    starts = [part.start - _MARGIN for part in parts[1:]]
    for x, leaf in _leaves(ElementTree.fromstring(drawn), (0.0, 0.0)):
        made[bisect(starts, x)].append(leaf)
    for svg, part in zip(made, parts, strict=True):
        svg.extend(_text(one, part.start) for one in part.drawing.shapes if isinstance(one, Text) and one.text)
    return [Markup(ElementTree.tostring(svg, encoding="unicode")) for svg in made]


def _opening(part: Part, alt: str) -> ElementTree.Element:
    svg = ElementTree.Element("svg", {"class": f"picture {part.name}", "role": "img", "aria-label": alt})
    width, height = part.drawing.width, part.drawing.height
    small = f"; max-width: {width:g}px" if width < _SMALL else ""
    svg.set("viewBox", f"{part.start:g} 0 {width:g} {height:g}")
    svg.set("width", "100%")
    svg.set("style", f"height: auto; font-family: var(--sans){small}")
    return svg


def _leaves(element: ElementTree.Element, at: Place) -> Iterator[tuple[float, ElementTree.Element]]:
    """Every shape that can be seen, moved to where its groups put it, and how far right that is."""
    for child in element:
        tag = child.tag.rpartition("}")[2]
        if tag in ("g", "svg"):
            yield from _leaves(child, _moved(child, at))
        elif tag in _SHAPES:
            shape = _shape(child, tag, at)
            if shape is not None:
                yield _across(shape) + at[0], shape


def _across(shape: ElementTree.Element) -> float:
    place = next(value for key in ("x", "x1", "cx", "d", "points") if (value := shape.get(key)) is not None)
    found = _FIRST.search(place)
    return float(found[0]) if found else 0.0


def _moved(group: ElementTree.Element, at: Place) -> Place:
    transform = group.get("transform", "")
    if _ROTATE.search(transform):
        raise ValueError("A drawing holds something turned, which is not kept: draw it level.")
    found = _TRANSLATE.search(transform)
    return (at[0] + float(found[1]), at[1] + float(found[2])) if found else at


def _shape(element: ElementTree.Element, tag: str, at: Place) -> ElementTree.Element | None:
    fill, stroke = _paint(element, "fill"), _paint(element, "stroke")
    if fill == stroke == "none":
        return None
    shape = ElementTree.Element(tag, {key: _short(element.get(key, "0")) for key in _SHAPES[tag]})
    shape.set("style", f"fill: {fill}; stroke: {stroke}")
    if fill != "none" and element.get("fill-opacity", "1.0") != "1.0":
        shape.set("fill-opacity", _short(element.get("fill-opacity", "1")))
    if stroke != "none":
        given = {key: _short(element.get(key, "")) for key in _STROKE}
        shape.attrib |= {
            key: value for key, value in given.items() if value and (key, value) != ("stroke-opacity", "1")
        }
    if at != (0.0, 0.0):
        shape.set("transform", f"translate({_short(str(at[0]))} {_short(str(at[1]))})")
    return shape


def _paint(element: ElementTree.Element, key: str) -> str:
    """The variable, or none for whatever is not one of ours or cannot be seen."""
    found = _MARKER.fullmatch(element.get(key, ""))
    unseen = element.get(f"{key}-opacity") == "0.0" or (key == "stroke" and element.get("stroke-width") == "0.0")
    if found is None or unseen:
        return "none"
    return f"var(--{COLOURS[int(found[1], 16) if found[1] else int(found[2])]})"


def _text(text: Text, start: float) -> ElementTree.Element:
    """A text with nothing hidden, above all that was drawn."""
    x, y = (_short(str(float(number))) for number in (text.x + start, text.y + _DOWN * text.size))
    weight = "; font-weight: bold" if text.bold else ""
    shape = ElementTree.Element("text", {"x": x, "y": y})
    if text.side != "start":
        shape.set("text-anchor", text.side)
    shape.set("style", f"fill: var(--{text.colour}); font-size: {text.size:g}px{weight}")
    shape.text = guard.label(text.text, 300).strip()
    return shape


@lru_cache(4_000)  # edges and ticks of a drawing share their places
def _short(numbers: str) -> str:
    """Numbers to a hundredth: nobody sees more."""
    return _NUMBER.sub(lambda match: f"{round(float(match[0]), 2) + 0.0:g}", numbers)
