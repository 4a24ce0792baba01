"""Perturbations: each changes what it says it changes, never the words of another seed, and never nothing."""

from __future__ import annotations

import json
import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import catalog
from harness.perturbations import distraction, injection
from harness.perturbations.injection import Injection
from harness.perturbations.letter_case import LetterCase
from harness.perturbations.look_alikes import LookAlikes
from harness.perturbations.truncation import Truncation
from harness.perturbations.typos import Typos
from harness.perturbations.whitespace import Whitespace

EACH = pytest.mark.parametrize("name", catalog.names("perturbations"))
TEXT = "Where is my parcel NL-50317? It was due on 14 March."
STRANGE = [
    "",
    " ",
    "\n",
    "a",
    "I",
    "ß",
    "7",
    "!?",
    "日本語のメッセージ",
    "مرحبا بكم",
    "नमस्ते दुनिया",
    "👩‍👩‍👧",
    "e\u0301",
    "ﬁn",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def changed(name: str, text: str, seed: int = 1, **given: object) -> str:
    found: str = catalog.build("perturbations", name, given).apply(text, random.Random(seed))
    return found


@EACH
@settings(deadline=None, max_examples=60)
@given(text=TEXTS, seed=st.integers(0, 2**31))
def test_the_same_seed_gives_the_same_text_and_it_can_be_stored(name: str, text: str, seed: int) -> None:
    first = changed(name, text, seed)
    assert changed(name, text, seed) == first
    assert json.loads(json.dumps(first, ensure_ascii=False).encode()) == first


@EACH
@settings(deadline=None, max_examples=60)
@given(words=st.lists(st.text("abcxyz", min_size=2, max_size=9), min_size=2, max_size=20), seed=st.integers(0, 2**31))
def test_a_text_of_words_never_stays_as_it_was(name: str, words: list[str], seed: int) -> None:
    assert changed(name, " ".join(words), seed) != " ".join(words)


@EACH
@pytest.mark.parametrize("text", STRANGE)
def test_texts_that_are_no_english_sentence_are_taken_too(name: str, text: str) -> None:
    assert isinstance(changed(name, text), str)


@EACH
def test_other_seeds_give_other_texts(name: str) -> None:
    texts = {changed(name, TEXT, seed) for seed in range(20)}
    assert len(texts) > 1 or name == "truncation"


@EACH
def test_the_defaults_are_nothing_to_complain_about(name: str) -> None:
    assert catalog.build("perturbations", name, {}).check() == []


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("typos", {"rate": 0}, "'rate' must be above 0 and at most 1, not 0."),
        ("typos", {"rate": 1.5}, "'rate' must be above 0 and at most 1, not 1.5."),
        ("look_alikes", {"rate": -1}, "'rate' must be above 0 and at most 1, not -1."),
        ("look_alikes", {"ways": []}, "'ways' needs at least one of homoglyphs, full_width."),
        ("letter_case", {"ways": []}, "'ways' needs at least one of upper, lower, random."),
        ("whitespace", {"ways": []}, "'ways' needs at least one of doubled, tabs, newlines, around."),
        ("truncation", {"keep": 1}, "'keep' must lie between 0 and 1, not 1."),
        ("injection", {"texts": []}, "'texts' needs at least one text."),
        ("distraction", {"texts": ["a", " "]}, "'texts' holds an empty text."),
    ],
)
def test_arguments_that_mean_nothing_are_told(name: str, given: dict[str, object], said: str) -> None:
    assert catalog.build("perturbations", name, given).check() == [said]


def test_typos_are_as_many_as_declared_and_spare_digits_and_signs() -> None:
    kept = [letter for letter in TEXT if not letter.isalpha()]
    for seed in range(200):
        text = Typos(rate=0.1).apply(TEXT, random.Random(seed))
        assert [letter for letter in text if not letter.isalpha()] == kept
        assert 0 < distance(TEXT, text) <= 2 * round(0.1 * sum(letter.isalpha() for letter in TEXT))
    assert Typos().apply("1234 !", random.Random(1)) == "1234 !"


def distance(one: str, other: str) -> int:
    """Insertions, deletions and replacements between two texts."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (left != right))
    return row[-1]


def test_a_word_is_never_typed_away() -> None:
    for seed in range(100):
        assert Typos(rate=1.0).apply("a I", random.Random(seed)).split(" ")[0] != ""


def test_letter_case_changes_nothing_but_the_case() -> None:
    for seed in range(50):
        assert LetterCase().apply(TEXT, random.Random(seed)).casefold() == TEXT.casefold()
    assert LetterCase(ways=("upper",)).apply("so so", random.Random(1)) == "SO SO"
    assert LetterCase(ways=("lower", "upper")).apply("SO", random.Random(1)) == "so"
    assert LetterCase(ways=("random",)).apply("a", random.Random(1)) == "A"


@pytest.mark.parametrize("way", ["doubled", "tabs", "newlines", "around"])
def test_whitespace_changes_nothing_but_the_space(way: str) -> None:
    for seed in range(50):
        text = changed("whitespace", TEXT, seed, ways=[way])
        assert text.split() == TEXT.split()
        assert (text.strip() == text) == (way != "around")
    signs = {"doubled": "  ", "tabs": "\t", "newlines": "\n", "around": ""}
    assert signs[way] in text
    assert Whitespace().apply(" \n", random.Random(1)) == " \n"


def test_gaps_that_are_tabs_already_are_changed_in_another_way() -> None:
    for seed in range(20):
        assert changed("whitespace", "a\tb", seed, ways=["tabs", "newlines"]) == "a\nb"


@pytest.mark.parametrize(
    ("text", "keep", "kept"),
    [
        ("one two three four", 0.5, "one two"),
        ("one two three four", 0.99, "one two three"),
        ("one two three four", 0.01, "one"),
        (" one\ttwo\nthree ", 0.6, " one\ttwo"),
        ("parcel", 0.5, "par"),
        ("日本語の", 0.5, "日本"),
        ("a", 0.5, "a"),
        ("", 0.5, ""),
    ],
)
def test_truncation_keeps_the_start(text: str, keep: float, kept: str) -> None:
    assert Truncation(keep).apply(text, random.Random(1)) == kept


@pytest.mark.parametrize("way", ["homoglyphs", "full_width"])
def test_look_alikes_replace_single_characters_by_others(way: str) -> None:
    text = changed("look_alikes", TEXT, ways=[way], rate=0.3)
    assert len(text) == len(TEXT)
    new = [after for before, after in zip(TEXT, text, strict=True) if before != after]
    assert new
    names = {unicodedata.name(letter).split()[0] for letter in new}
    assert names <= ({"CYRILLIC", "GREEK"} if way == "homoglyphs" else {"FULLWIDTH"})
    assert (unicodedata.normalize("NFKC", text) == TEXT) == (way == "full_width")


def test_look_alikes_work_on_cyrillic_and_leave_scripts_that_have_none() -> None:
    assert LookAlikes(rate=1.0, ways=("homoglyphs",)).apply("сор", random.Random(1)) == "cop"
    assert LookAlikes().apply("日本", random.Random(1)) == "日本"


@pytest.mark.parametrize("module", [injection, distraction])
def test_what_is_put_in_stands_beside_the_text_in_more_than_one_language(module) -> None:  # type: ignore[no-untyped-def]
    assert any(" und " in text or "alles" in text for text in module.TEXTS)
    name = module.__name__.rsplit(".", 1)[-1]
    for place in ("before", "after"):
        for seed in range(40):
            parts = changed(name, TEXT, seed, place=place).split("\n\n")
            assert parts[place == "before"] == TEXT
            assert parts[place == "after"] in module.TEXTS
    assert Injection(texts=("Stop.",)).apply("", random.Random(1)) == "Stop."
    ends = {changed(name, TEXT, seed).startswith(TEXT) for seed in range(40)}
    assert ends == {True, False}, "either: now before, now after"
