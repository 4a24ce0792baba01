"""Each model on each metric, and the candidate against each baseline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.estimates import Comparison, Unestimable
from harness.report.internal.comparisons import MOST, comparison_parts, models_exhibit
from harness.report.internal.gates import gates_part
from harness.report.material import CANDIDATE, Material
from harness.report.numbers import MetricNumbers, SuiteNumbers
from harness.report.words import NOT_MEASURED, NOTHING
from tests.report import made
from tests.report.internal.reading import notes, texts


def with_metrics(*metrics: MetricNumbers) -> Material:
    """Material of one task with these metrics."""
    suite = made.suites()[0]
    task = replace(suite.tasks[0], metrics=metrics)
    return made.material(suites=(SuiteNumbers(suite.name, (task,)),))


def against(found: Comparison | Unestimable) -> MetricNumbers:
    return replace(made.suites()[0].tasks[0].metrics[0], against={"base": found})


def test_gates_and_comparison_show_the_same_interval() -> None:
    material = made.material()
    gate = texts(gates_part(material).exhibit.table)[3]
    compared = next(row for row in texts(comparison_parts(material)[0].exhibit.table) if row[0] == "general.accuracy")
    assert gate[4:6] == compared[3:5]


@pytest.mark.parametrize(
    ("low", "high", "tone"),
    [(0.01, 0.09, "better"), (-0.09, -0.01, "worse"), (-0.01, 0.09, "neutral"), (None, 0.09, "neutral"),
     (None, -0.01, "worse"), (0.0, 0.05, "neutral")],
)  # fmt: skip
def test_only_an_interval_on_one_side_of_no_difference_is_coloured(
    low: float | None, high: float | None, tone: str
) -> None:
    found = Comparison(0.9, 0.86, 0.04, low, high, 0.95, 240, "Tango")
    table = comparison_parts(with_metrics(against(found)))[0].exhibit.table
    assert table.rows[0][3].style == f"number {tone}"
    assert texts(table)[0][1:4] == ["90.0 %", "86.0 %", "+4.0 points"]


def test_what_cannot_be_compared_is_no_number_but_a_reason() -> None:
    table = comparison_parts(with_metrics(against(Unestimable("other samples (240 and 12)"))))[0].exhibit.table
    assert texts(table)[0][1:] == [NOT_MEASURED, *[NOTHING] * 4]
    assert notes(table)[0][1] == "other samples (240 and 12)"


def test_a_baseline_that_lacks_a_task_says_so() -> None:
    metric = replace(made.suites()[0].tasks[0].metrics[0], against={}, own={CANDIDATE: Unestimable("all lost")})
    material = with_metrics(metric)
    table = comparison_parts(material)[0].exhibit.table
    assert (texts(table)[0][1], notes(table)[0][1]) == (NOT_MEASURED, "it has not run this task")
    own = models_exhibit(material)
    assert own is not None
    assert notes(own.table)[0][1:] == ["all lost", "it has not run this"]
    assert texts(own.table)[0][1:] == [NOT_MEASURED, NOT_MEASURED]


def test_without_a_baseline_there_is_no_part_and_without_suites_no_table() -> None:
    alone = made.material(runs={CANDIDATE: made.runs()[CANDIDATE]})
    assert comparison_parts(alone) == ()
    assert models_exhibit(made.material(suites=())) is None


def test_what_is_too_much_is_counted() -> None:
    metrics = made.suites()[0].tasks[0].metrics * MOST
    table = comparison_parts(with_metrics(*metrics))[0].exhibit.table
    assert len(table.rows) == MOST
    assert f"{MOST} more metrics not shown; harness store query has them." in table.note.replace("\u00a0", " ")
