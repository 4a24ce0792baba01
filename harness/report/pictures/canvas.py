"""What all pictures share: two sizes, texts that fit, ticks."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from harness.core.verdicts import Verdict
from harness.report import guard, words
from harness.report.page import Picture
from harness.report.pictures.clean import Part, cut
from harness.report.pictures.shapes import Drawing
from harness.report.pictures.sheet import STEP, sheet

SHAPES = {Verdict.PASS: 21, Verdict.FAIL: 23, Verdict.INCONCLUSIVE: 21, Verdict.ERROR: 22}  # circle, diamond, square


@dataclass(frozen=True, slots=True)
class Size:
    """A picture is drawn once for each: `width` in pixels, at which its texts are read."""

    name: str
    width: int

    @property
    def narrow(self) -> bool:
        """Whether it is for a phone."""
        return self.name == "narrow"


_LONGEST = 400
_BREAKS = re.compile(r"(?<= )|(?<=[._/])(?=[^\W\d])")  # where a name may go on on the next line

WIDE, NARROW = Size("wide", 760), Size("narrow", 360)


def picture(draw: Callable[[Size], Drawing], alt: str, sizes: tuple[Size, Size] = (WIDE, NARROW)) -> Picture:
    """The drawing in both sizes. `alt` says in a sentence what is seen."""
    said = guard.label(alt, 600)
    drawings = [draw(size) for size in sizes]
    parts = [
        Part(size.name, STEP * index, drawing)
        for index, (size, drawing) in enumerate(zip(sizes, drawings, strict=True))
    ]
    wide_one, narrow_one = cut(sheet(drawings), parts, said)
    return Picture(wide_one, narrow_one, said)


def fit(text: str, pixels: float, size: float = 13, bold: bool = False) -> str:
    """A name on one line that takes about so many pixels at most, shortened in the middle."""
    whole = guard.label(text if len(text) <= 400 else f"{text[:200]}…{text[-200:]}", 401)
    room = pixels / (1.06 if bold else 1)
    if wide(whole, size) <= room:
        return whole
    half = (room - size) / 2
    return f"{_start(whole, half, size)}…{_start(whole[::-1], half, size)[::-1]}"


def wrap(text: str, pixels: float, size: float = 13, bold: bool = False, lines: int = 3) -> tuple[str, ...]:
    """A name on as many lines as it takes, at most `lines`: what is still too long is shortened on the last.

    What stands before the last colon (a task before its measure) keeps a line of its own.
    """
    whole = guard.label(text, _LONGEST)
    room = pixels / (1.06 if bold else 1)
    if lines == 1 or wide(whole, size) <= room:
        return (fit(whole, pixels, size, bold),)
    head, colon, tail = whole.rpartition(": ")
    if colon and wide(head + ":", size) <= room:
        return (fit(head + ":", pixels, size, bold), *wrap(tail, pixels, size, bold, lines - 1))
    parts = _BREAKS.split(whole)
    taken = next((n for n in range(len(parts), 0, -1) if wide("".join(parts[:n]).rstrip(" "), size) <= room), 0)
    if not taken:
        return (fit(whole, pixels, size, bold),)
    first, rest = "".join(parts[:taken]).rstrip(" "), "".join(parts[taken:])
    return (fit(first, pixels, size, bold), *wrap(rest, pixels, size, bold, lines - 1))


def wide(text: str, size: float) -> float:
    """About how many pixels a text takes in a sans serif face, rather too many than too few."""
    return size * sum(map(_width, text))


@cache
def _width(character: str) -> float:
    if character in "iljftrI.,:;'|!()[] \u00a0":
        return 0.34
    if character in "mwMW@%…—" or unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return 0.7 if character.isupper() else 0.56


def _start(text: str, room: float, size: float) -> str:
    taken = 0.0
    for index, character in enumerate(text):
        taken += size * _width(character)
        if taken > room:
            return text[:index]
    return text


def known(number: float | None) -> float | None:
    """The number, or None where it is none that can be drawn."""
    return None if number is None or not math.isfinite(number) else number


def span(numbers: Iterable[float | None], room: float = 0.06) -> tuple[float, float]:
    """A stretch on which all of these fit, with some room beside them; never empty."""
    all_known = [number for each in numbers if (number := known(each)) is not None] or [0.0]
    low, high = min(all_known), max(all_known)
    width = high - low or 0.1 * abs(high) or 0.1
    return low - room * width, high + room * width


def ticks(start: float, end: float, most: int = 6) -> list[float]:
    """Round numbers from `start` to `end`, which must be larger: at most `most` of them."""
    rough = (end - start) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if power * factor >= rough)
    return [round(step * i, 12) for i in range(math.ceil(start / step), math.floor(end / step) + 1)]


def signed(number: float, unit: str = "") -> str:
    """A tick of a scale of differences: −5, 0, +5."""
    text = f"{number:+g}".replace("-", words.MINUS) if number else "0"
    return f"{text}{words.SPACE}{unit}" if unit else text
