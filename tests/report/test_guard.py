"""Nothing hidden, nothing endless."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from harness.report.guard import label, passage, visible, written


def test_control_and_bidi_characters_are_written_out() -> None:
    assert visible("a\x00b\u202ec\x1bd\x7fe\r\ud800") == "a␀b[U+202E]c␛d␡e␍[U+D800]"


def test_ordinary_text_stays() -> None:
    text = "Größe\tñandú\n日本語 👩‍🔧 مرحبا – „ja“"
    assert visible(text) == text


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_unseen_is_left(text: str) -> None:
    shown = visible(text)
    shown.encode()
    left = {character for character in shown if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert left <= set("\n\t\u200c\u200d")


def test_long_texts_are_cut_and_say_so() -> None:
    assert passage("x" * 1_002_000) == "x" * 2_000 + "… (1,000,000 more characters)"
    assert passage("x" * 2_000) == "x" * 2_000


def test_a_name_stays_on_one_line() -> None:
    assert label("a\nb") == "a␊b"


def test_values_that_are_no_text_are_json() -> None:
    assert written({"größe": None}) == '{"größe": null}'
    assert written("plain") == "plain"
