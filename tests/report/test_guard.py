"""Nothing hidden, nothing endless."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.secrets import masked
from harness.report.guard import label, passage, visible, written
from tests.made_secrets import secrets


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


def test_joiners_and_selectors_stay_in_words_and_emoji_and_are_told_elsewhere() -> None:
    words = "می‌خواهم क्‍ष ❤️ 1️⃣ 👩‍❤️‍👨 日\U000e0100本"
    assert visible(words) == words
    assert visible("pa\u200dss\u200c") == "pa[U+200D]ss[U+200C]"
    assert visible("a\ufe0f\ufe01b") == "a[U+FE0F][U+FE01]b"
    assert visible("\U000e0041\ue000\u3164\u034f\u2800") == "[U+E0041][U+E000][U+3164][U+034F][U+2800]"


def test_piles_of_marks_are_cut_and_the_cut_is_said() -> None:
    assert visible("e" + "\u0301" * 300 + "x") == "e" + "\u0301" * 4 + "[296 more marks]x"
    assert visible("Việt שָׁלוֹם") == "Việt שָׁלוֹם"


def test_a_name_has_no_space_that_its_width_alone_tells() -> None:
    assert label("a\u2003b\u3000c\td") == "a[U+2003]b[U+3000]c␉d"
    assert label("93.4\u00a0%") == "93.4\u00a0%", "ours, between a number and its unit"


def test_keys_are_masked_before_the_text_is_cut() -> None:
    key = secrets()["github"]
    shown = passage("x" * 1_990 + " " + key + "y")
    assert key[:8] not in shown
    assert passage(f"a {key}") == f"a {masked(key)}"
    assert label(key) == masked(key)


@pytest.mark.parametrize("piece", ["a", "é", "\u0301", "\u202e", "\u200d", "👩‍🔧", "a\u0301", "\U000e0100", "\x1b"])
def test_a_megabyte_is_shown_at_once(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    begun = time.process_time()
    assert len(passage(text)) < 25_000
    label(text)
    assert time.process_time() - begun < 10
