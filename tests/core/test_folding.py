"""One folding: forms of the same characters become equal, and what carries a meaning stays apart."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.folding import casefolded, caseless, folded

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    for fold in (folded, casefolded, caseless):
        assert fold(fold(text)) == fold(text)


@given(TEXTS)
def test_composed_and_decomposed_texts_fold_alike(text: str) -> None:
    for form in ("NFC", "NFD"):
        for fold in (folded, casefolded, caseless):
            assert fold(unicodedata.normalize(form, text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“a” „b“ «c» ‹d› 「e」 『f』 ’g‘ ‚h’", '"a" "b" "c" \'d\' "e" "f" \'g\' \'h\''),
        ("a\u00a0b\u3000c\u2009d\u202fe\tf\r\ng", "a b c d e f g"),
        ("or\u200bder\ufeff \u200fשלום\u200e", "order שלום"),
        ("ｆｕｌｌ　ｗｉｄｔｈ　２０２４．", "full width 2024."),
        ("ｶﾞｷﾞ", "ガギ"),
        ("ﷺ"[:0] + "ﻣﺤﻤﺪ", "محمد"),
        ("⼈民", "人民"),
        ("한국", "한국"),
        ("ﬁne oﬃce", "fine office"),
        ("𝐛𝐢𝐥𝐥𝐢𝐧𝐠", "billing"),
        ("follow‑up", "follow-up"),
        ("می‌خواهم", "میخواهم"),
        ("x² ½ ① ℃", "x² ½ ① ℃"),
        ("Ä ß ı İ", "Ä ß ı İ"),
        ("", ""),
        (" \u3000 ", ""),
    ],
)
def test_forms_of_a_character_are_one(text: str, plain: str) -> None:
    assert folded(text) == unicodedata.normalize("NFC", plain)


def test_case_is_folded_as_in_every_language_at_once() -> None:
    assert casefolded("STRASSE") == casefolded("straße")
    assert casefolded("ΣΊΣΥΦΟΣ") == casefolded("σίσυφος")
    assert casefolded("sınıf") != casefolded("SINIF")
    assert caseless("sınıf") == caseless("SINIF")
    assert caseless("İPTAL") == caseless("iptal")
