"""Where an answer differs from its target."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from harness.report.internal.diff import ADDED, MISSING, Piece, pieces, record

TEXTS = st.lists(st.sampled_from(["the ", "red ", "Red ", "fox", ",", "\n", "42", "é"]), max_size=12).map("".join)


def test_only_the_words_that_differ_are_marked() -> None:
    assert pieces("Refund of 20 euros", "Refund of 30 euros") == (
        Piece("Refund of "),
        Piece("20 ", MISSING),
        Piece("30 ", ADDED),
        Piece("euros"),
    )
    assert pieces("a b", "a b c") == (Piece("a b "), Piece("c", ADDED))
    assert pieces("same", "same") == (Piece("same"),)


def test_texts_with_little_in_common_are_not_marked_word_by_word() -> None:
    assert pieces("card_arrival", "exchange_rate") == (Piece("exchange_rate"),)
    assert pieces("", "anything") == (Piece("anything"),)


@given(TEXTS, TEXTS)
def test_what_is_not_missing_is_the_answer_to_the_letter(target: str, answer: str) -> None:
    found = pieces(target, answer)
    assert "".join(piece.text for piece in found if piece.kind != MISSING) == answer
    left = re.sub(r"\s", "", "".join(piece.text for piece in found if piece.kind != ADDED))
    assert left == re.sub(r"\s", "", target) or found == (Piece(answer),)


def test_a_record_is_a_json_object_and_nothing_else() -> None:
    assert record(' {"a": 1}') == {"a": 1}
    for text in ("", "[1]", "{", "{'a': 1}", "3", '{"a": ' * 100_000):
        assert record(text) is None


def test_in_scripts_without_spaces_characters_are_marked() -> None:
    assert pieces("今天天气很好。", "今天天气很坏。") == (
        Piece("今天天气很"),
        Piece("好", MISSING),
        Piece("坏", ADDED),
        Piece("。"),
    )
    assert pieces("यह हिन्दी में है", "यह हिन्दू में है")[1:3] == (Piece("हिन्दी ", MISSING), Piece("हिन्दू ", ADDED))
