"""The language that texts are in."""

from __future__ import annotations

from harness.pipeline.reporting.languages import OTHER, all_english, languages_of

GERMAN = "Bitte sperren Sie meine Karte, ich habe sie gestern verloren."
ENGLISH = "Please block my card, I think that I lost it yesterday."
FRENCH = "Veuillez bloquer ma carte, je crois que je l'ai perdue hier."


def test_common_languages_are_told_and_rare_ones_and_short_texts_are_not() -> None:
    texts = [*[GERMAN] * 6, *[ENGLISH] * 5, *[FRENCH] * 4, "Karte weg", "   "]
    assert languages_of(texts) == (*["de"] * 6, *["en"] * 5, *[OTHER] * 6)
    assert languages_of([]) == ()


def test_only_texts_that_are_surely_english_spare_the_detector() -> None:
    quoting = f'{GERMAN} Im Brief stand nur "what is the matter with you". ' + GERMAN * 5
    assert all_english([*[ENGLISH] * 90, "Karte weg", *[GERMAN] * 4])
    assert not all_english([*[ENGLISH] * 90, *[GERMAN] * 5])
    assert not all_english([quoting] * 5)
    assert not all_english(["请帮我冻结我的银行卡，我昨天在地铁站把它弄丢了，谢谢"] * 5)
