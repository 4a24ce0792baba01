"""The data report on the page."""

from __future__ import annotations

from dataclasses import replace

from harness.report.internal.data import data_tables
from harness.report.material import Material
from harness.report.numbers import SuiteNumbers
from harness.report.page import Table
from harness.report.words import NOT_MEASURED
from tests.report import made
from tests.report.internal.reading import notes, texts


def table(material: Material, caption: str) -> Table:
    return next(one for one in data_tables(material) if one.caption.startswith(caption))


def test_each_task_tells_its_samples_and_lengths() -> None:
    found = table(made.material(), "Samples by task")
    assert texts(found)[0] == ["triage.queue", "240", "—", "1", "6", "61", "75", "78", "84"]
    task = replace(made.suites()[0].tasks[0], groups=40, lengths=None)
    grouped = table(made.material(suites=(SuiteNumbers("triage", (task,)),)), "Samples by task")
    assert texts(grouped)[0][2] == "40"
    assert (texts(grouped)[0][5], notes(grouped)[0][5]) == (NOT_MEASURED, "unknown")


def test_class_shares_are_of_the_samples_with_a_class() -> None:
    found = table(made.material(), "Classes of triage.queue")
    rows = texts(found)
    assert sum(int(row[1]) for row in rows) == 239
    assert rows[0] == ["billing", rows[0][1], f"{100 * int(rows[0][1]) / 239:.1f} %"]


def test_rows_that_nobody_counted_and_leaks_that_nobody_sought_are_said() -> None:
    material = made.material()
    taught = table(material, "Rows that taught")
    assert [row[:2] for row in texts(taught)] == [["training", "600"], ["validation", NOT_MEASURED]]
    sought = table(material, "Search for test questions")
    assert [row[3] for row in texts(sought)] == ["none found", "not looked for, so not known"]
    assert texts(sought)[1][2] == "unknown"


def test_a_given_adapter_has_no_rows() -> None:
    found = table(made.material(data=replace(made.data(), taught=())), "Rows that taught")
    assert (found.rows, found.note) == ((), "None are known: the adapter was given.")


def test_where_nothing_is_known_there_is_no_table() -> None:
    assert data_tables(made.material(suites=(), data=None)) == ()


def test_leaked_samples_that_the_policy_allows_are_counted() -> None:
    material = made.material()
    assert material.data is not None
    key = f"{material.data.asked[0].suite}.{material.data.asked[0].task}"
    decision = replace(material.decision, candidate={**material.decision.candidate, "leaked": {key: ["a", "b"]}})
    sought = data_tables(replace(material, decision=decision))[-1]
    assert next(row[3] for row in texts(sought)) == "2, which policy.max_leaked allows"
