"""One notion of a word, in every script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.folding import caseless
from harness.core.words import holds, terms, tokens, word_ends, word_length, words, written_words

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't snake_case 3.5", ["don", "t", "snake", "case", "3", "5"]),
        ("größer e\u0301", ["grösser", "é"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("مُحَمَّد ذهب", ["مُحَمَّد", "ذهب"]),
        ("שָׁלוֹם", ["שָׁלוֹם"]),
        ("tiê\u0301ng Viê\u0323t", ["tiếng", "việt"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("今天iPhone15手机，好。", ["今", "天", "iphone15", "手", "机", "好"]),
        ("ケトル々", ["ケ", "ト", "ル", "々"]),
        ("ได้ก็ดี", ["ไ", "ด้", "ก็", "ดี"]),
        ("ดี๒๕๖๗", ["ดี", "๒๕๖๗"]),
        ("２０２４年", ["2024", "年"]),
        ("ok 👍🏽👩‍🚀", ["ok", "👍🏽", "👩", "🚀"]),
        ("… —", []),
    ],
)
def test_words_by_hand(text: str, expected: list[str]) -> None:
    assert words(text) == [unicodedata.normalize("NFC", word) for word in expected]


@given(TEXTS)
def test_unicode_form_changes_no_word(text: str) -> None:
    for found in (words, terms, written_words):
        assert found(unicodedata.normalize("NFD", text)) == found(text)


@given(TEXTS)
def test_tokens_are_the_whole_text(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert word_ends(text) == sorted(set(word_ends(text)))


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_texts_are_counted_at_their_spaces(text: str) -> None:
    assert written_words(text) == text.split()
    assert word_length(text) == len(text.split())


def test_words_are_counted_as_they_are_written() -> None:
    assert written_words("well-known – fact.") == ["well-known", "–", "fact."]
    assert written_words("我有iPhone 15。") == ["我", "有", "iPhone", "15。"]
    assert word_length("今天天气很好") == pytest.approx(4)
    assert word_length("ภาษาไทยดี") == pytest.approx(2)
    assert terms("退款申请 ok") == ["退款", "款申", "申请", "ok"]


@pytest.mark.parametrize(
    ("text", "phrase", "stands"),
    [
        ("another", "other", False), ("_other_", "other", True), ("我other的", "other", True), ("no.", "no", True),
        ("对不起，我无法回答这个问题", "无法回答", True), ("ผมไม่สามารถตอบได้", "ไม่สามารถ", True), ("ไม่", "ไม", False),
        ("មិនអាចជួយបានទេ", "មិនអាច", True), ("申し訳ありませんがお答えできません", "お答えできません", True),
        ("मदद", "मद", False), ("मदि", "मद", False), ("naïveté", "naïve", False), ("не могу", "могу", True),
        ("немогу", "могу", False), ("수 없습니다만", "수 없습니다", False), ("e\u0301te", "te", False),
        ("ok日", "ok", True),
    ],
)  # fmt: skip
def test_whole_words_are_asked_for_where_there_are_any(text: str, phrase: str, stands: bool) -> None:
    assert holds(caseless(text), caseless(phrase)) is stands
