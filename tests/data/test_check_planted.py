"""Two hundred planted faults of ten kinds: which are found, and how many clean rows are called faulty."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from harness.data.check import Checked, check_names, check_rows
from harness.data.checks.interface import Setting
from harness.data.findings import Severity
from harness.data.read import Reading, rows
from tests.data.planted import EACH, QUEUES, Planted, plant

LEAST = 0.95
# The check that has to find each kind.
KINDS = {
    "exact": "exact",
    "empty": "targets",
    "json": "targets",
    "label": "labels",
    "encoding": "encoding",
    "personal": "personal",
    "spaces": "mixed",
    "pattern": "patterns",
    "near": "near",
    "contradiction": "contradictions",
}
MOSTLY = ("near", "contradiction")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def checked(planted: Planted) -> Checked:
    reading = Reading()
    found = check_rows(rows([planted.file], ["rows.jsonl"], reading, mixed=True), Setting(labels=QUEUES))
    assert reading.problems == []
    return found


def told(checked: Checked, check: str) -> set[int]:
    return {place.line for one in checked.findings if one.check == check for place in (*one.places, *one.drop)}


def test_there_are_two_hundred_faults_of_ten_kinds(planted: Planted) -> None:
    assert Counter(planted.faults.values()) == dict.fromkeys(KINDS, EACH)
    assert len(planted.faults) == 200


@pytest.mark.parametrize("kind", KINDS)
def test_planted_faults_are_found(kind: str, planted: Planted, checked: Checked) -> None:
    if KINDS[kind] not in check_names():
        pytest.skip("the check is not there yet")
    found = told(checked, KINDS[kind])
    # Of a pair, either row may be the one that was copied.
    hit = [line for line in planted.lines(kind) if line in found or planted.sources.get(line) in found]
    assert len(hit) >= (LEAST if kind in MOSTLY else 1) * EACH


def test_hardly_a_clean_row_is_called_an_error(planted: Planted, checked: Checked) -> None:
    errors = [one for one in checked.findings if one.severity is Severity.ERROR]
    wrong = {place.line for one in errors for place in (*one.places, *one.drop)}
    clean = set(range(1, checked.rows + 1)) - set(planted.faults) - set(planted.sources.values())
    assert len(wrong & clean) <= 0.01 * len(clean)


def test_the_rows_themselves_hold_no_error(tmp_path: Path) -> None:
    names = ["data/train.jsonl", "data/validation.jsonl"]
    root = Path(__file__).parents[2]
    found = check_rows(rows([root / name for name in names], names, Reading(), mixed=True), Setting(labels=QUEUES))
    assert [str(one) for one in found.findings if one.severity is Severity.ERROR] == []
