"""Every picture, whatever its names hold: plain shapes, our own colours, the same bytes each time."""

from __future__ import annotations

import re

import pytest

from tests.report.pictures.pages import KINDS, TAGS, parsed, texts

BAD = {
    "script": "<script>alert(1)</script></style><!-- {{ 7*7 }} {% raw %} \u202egnp.exe\x00\x1b[31m ]]> & \"'",
    "link": '<a href="http://evil">x</a>',
    "formula": "\\(x^2\\)",
    "long": "a long name " * 900,
    "bidi": "\u202eabc\u2066def",
    "emoji": "👩‍🚀 naïve 日本語 שלום",
    "empty": "",
    "joiner": "a\u2060b",
    "date": "2026-11-22",
}
ATTRIBUTES = {
    *(
        "class",
        "role",
        "aria-label",
        "viewBox",
        "width",
        "height",
        "style",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "cx",
        "cy",
    ),
    *("r", "d", "points", "dy", "text-anchor", "transform", "fill-opacity"),
    *("stroke-width", "stroke-opacity", "stroke-dasharray"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_holds_nothing_but_shapes_and_texts(kind: str, name: str) -> None:
    picture = KINDS[kind](BAD[name])

    assert picture is not None
    for root in parsed(picture):
        for element in root.iter():
            assert element.tag in TAGS
            assert set(element.attrib) <= ATTRIBUTES
            assert not re.search("url|import|expression|http", element.get("style", ""))
        words = "".join(root.itertext())
        assert not re.search("[\x00-\x08\u2060\u202a-\u202e\u2066-\u2069]", words)
        assert all(len(text) < 200 for text in root.itertext())


@pytest.mark.parametrize("kind", KINDS)
def test_colours_are_variables_of_the_style_sheet_only(kind: str) -> None:
    picture = KINDS[kind]("name")

    assert picture is not None
    for drawn in (picture.wide, picture.narrow):
        assert "var(--" in drawn
        assert not re.search("#[0-9a-f]{6}|rgb", drawn)
        assert not re.search("NaN|Infinity", drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_numbers_give_the_same_bytes(kind: str) -> None:
    assert KINDS[kind]("name") == KINDS[kind]("name")


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"trend"}))
def test_texts_are_read_at_the_width_they_are_drawn_for(kind: str) -> None:
    picture = KINDS[kind]("name")

    assert picture is not None
    for root, width in zip(parsed(picture), (760, 360), strict=True):
        assert root.get("viewBox", "").split()[2] == str(width)
        sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", "".join(map(_style, root.iter("text"))))]
        assert sizes
        assert min(sizes) >= 11


def _style(element: object) -> str:
    return str(element.get("style"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["link", "formula"])
def test_a_name_that_looks_like_markup_is_read_as_it_stands(name: str) -> None:
    picture = KINDS["intervals"](BAD[name])

    assert picture is not None
    assert BAD[name] in texts(picture)


def test_the_words_for_those_who_do_not_see_it_are_escaped() -> None:
    picture = KINDS["intervals"]('"><script>')

    assert picture is not None
    assert "<script" not in picture.wide
    assert parsed(picture)[0].get("aria-label") == picture.alt


@pytest.mark.parametrize("kind", KINDS)
def test_what_keeps_the_library_from_reading_markup_is_not_seen(kind: str) -> None:
    picture = KINDS[kind]("a<b\\c")

    assert picture is not None
    assert not any("2060" in text for text in texts(picture))
