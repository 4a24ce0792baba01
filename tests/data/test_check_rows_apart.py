"""Languages, outliers and likely label errors, each against rows in which the answer is known."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from harness.data.checks import label_errors, languages, outliers
from harness.data.checks.interface import Check, Setting
from harness.data.checks.label_errors import suspects
from harness.data.checks.outliers import robust_z
from harness.data.draw import Draw
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

_ENGLISH = "I would like to know why my order has not arrived yet and when it will be delivered"
_GERMAN = "Ich möchte gerne wissen, warum meine Bestellung noch nicht angekommen ist und wann sie kommt"
_WORDS = """
card bank blocked stolen wallet pin chip magnetic freeze lost replacement expired
parcel van courier harbour delivery street arrive driver depot tracking late box
account login profile username settings close delete email device session verify name
"""
_TOPICS = {words[0]: words for words in map(str.split, _WORDS.strip().splitlines())}


def _row(line: int, asked: str, target: str = "ok", label: str | None = None) -> DataRow:
    return DataRow("a.jsonl", line, "task", asked, target, (), {}, label)


def _found(check: Check, rows: Sequence[DataRow]) -> list[DataFinding]:
    for start in range(0, len(rows), 37):
        check.look(rows[start : start + 37])
    return list(check.findings())


def _labelled(count: int) -> tuple[list[str], list[str]]:
    random, labels = Random(1), [list(_TOPICS)[i % 3] for i in range(count)]
    return [" ".join(random.sample(_TOPICS[label], 6)) for label in labels], labels


def test_a_draw_is_the_same_however_rows_come_and_has_all_where_there_are_few() -> None:
    rows = [_row(line, "x") for line in range(1, 5_001)]
    drawn = []
    for size in (1, 64, 5_000):
        draw = Draw(100, 7)
        for start in range(0, len(rows), size):
            draw.look(rows[start : start + size])
        drawn.append([row.line for row in draw.rows])
    assert drawn[0] == drawn[1] == drawn[2] == sorted(drawn[0])
    assert len(drawn[0]) == 100
    assert np.mean(drawn[0]) == pytest.approx(2_500, abs=450)
    assert draw.said == "100 rows drawn of 5,000"
    few = Draw(100, 7)
    few.look(rows[:30])
    assert (few.rows, few.said) == (rows[:30], "30 rows")


def test_rows_of_two_languages_are_named_and_shares_told() -> None:
    rows = [_row(line, _ENGLISH, _ENGLISH) for line in range(1, 20)] + [_row(20, _GERMAN, _ENGLISH), _row(21, "ok?")]
    apart, shares = _found(languages.Check(Setting()), rows)
    assert apart.severity is Severity.WARNING
    assert [place.line for place in apart.places] == [20]
    assert "(de → en 1)" in apart.message
    assert "en 90.5%, de 4.8%, too short or mixed to tell 4.8%" in shares.message


def test_where_two_languages_are_the_rule_it_is_only_noted() -> None:
    apart, _ = _found(languages.Check(Setting()), [_row(line, _GERMAN, _ENGLISH) for line in range(1, 9)])
    assert (apart.severity, apart.count) == (Severity.NOTE, 8)


def test_labels_and_records_have_no_language() -> None:
    record = '{"order": "A-17-B", "items": [{"sku": 17, "n": 2}], "total": 17.20, "paid": true, "x": [1, 2, 3]}'
    assert languages.language("billing") == languages.language(record) == ""


def test_lengths_far_from_the_others_are_named_with_their_rows() -> None:
    random = Random(3)
    rows = [_row(line, "word " * random.randint(15, 25), "yes") for line in range(1, 101)]
    rows[41], rows[7] = _row(42, "word " * 900, "yes"), _row(8, "w", "yes")
    longer, shorter = _found(outliers.Check(Setting()), rows)
    assert ([place.line for place in longer.places], [place.line for place in shorter.places]) == ([42], [8])
    assert "up to 4,500 characters" in longer.message
    assert "down to 1 characters" in shorter.message


def test_words_that_no_other_row_has() -> None:
    texts, _ = _labelled(300)
    rows = [_row(line, text) for line, text in enumerate(texts, 1)]
    rows[99] = _row(100, "quantum entanglement violates bell inequalities beneath cryogenic conditions")
    [odd] = _found(outliers.Check(Setting()), rows)
    assert [place.line for place in odd.places] == [100]


def test_usual_rows_have_no_outliers() -> None:
    texts, _ = _labelled(300)
    assert _found(outliers.Check(Setting()), [_row(line, text) for line, text in enumerate(texts, 1)]) == []
    assert _found(outliers.Check(Setting()), [_row(1, "few"), _row(2, "rows " * 900)]) == []


def test_robust_z_is_not_moved_by_what_it_measures() -> None:
    z = robust_z(np.array([1.0, 2, 3, 4, 5, 1_000]))
    assert z[5] > 100
    assert abs(z[:5]).max() < 2
    assert robust_z(np.array([1.0, 1, 1, 9])).tolist() == [0, 0, 0, 0]


def test_planted_label_errors_are_found_and_few_others() -> None:
    texts, labels = _labelled(600)
    wrong = Random(2).sample(range(600), 30)
    given = [
        list(_TOPICS)[(list(_TOPICS).index(label) + 1) % 3] if i in wrong else label for i, label in enumerate(labels)
    ]
    found = suspects(texts, given, 42)
    assert len({one.place for one in found} & {*wrong}) >= 25
    assert len({one.place for one in found} - {*wrong}) <= 2
    assert all(one.likely == labels[one.place] for one in found if one.place in wrong)
    assert [one.margin for one in found] == sorted((one.margin for one in found), reverse=True)
    assert found == suspects(texts, given, 42)


def test_clean_labels_have_no_errors() -> None:
    texts, labels = _labelled(300)
    assert suspects(texts, labels, 42) == []


def test_label_errors_are_told_by_pair_with_their_rows() -> None:
    texts, labels = _labelled(300)
    labels[30], labels[63], labels[100] = "parcel", "parcel", "card"
    rows = [_row(line, text, label=label) for line, (text, label) in enumerate(zip(texts, labels, strict=True), 1)]
    rows.append(_row(301, "a poem about rivers", label="poem"))
    first, second, rare = _found(label_errors.Check(Setting()), rows)
    assert first.severity is Severity.WARNING
    assert '2 rows labelled "parcel" may be "card"' in first.message
    assert sorted(place.line for place in first.places) == [31, 64]
    assert '1 row labelled "card" may be "parcel": a model of all the others takes it for that.' in second.message
    assert "fewer than 5 rows were not looked at for errors: poem" in rare.message


def test_targets_are_labels_where_the_task_classifies() -> None:
    texts, labels = _labelled(150)
    labels[30] = "parcel"
    rows = [_row(line, text, label) for line, (text, label) in enumerate(zip(texts, labels, strict=True), 1)]
    assert _found(label_errors.Check(Setting()), rows) == []
    [found] = _found(label_errors.Check(Setting(kind="classify")), rows)
    assert [place.line for place in found.places] == [31]


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]

    texts, labels = _labelled(60)
    rows = [_row(line, text, label=label) for line, (text, label) in enumerate(zip(texts, labels, strict=True), 1)]
    monkeypatch.setattr(builtins, "__import__", without)
    [found] = _found(label_errors.Check(Setting()), rows)
    assert found.severity is Severity.NOTE
    assert "pip install scikit-learn" in found.advice


def test_texts_without_words_are_no_errors() -> None:
    assert suspects(["?!"] * 20, ["a", "b"] * 10, 42) == []
