"""What stands on the page, before it is HTML."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample, Score
from harness.core.verdicts import Verdict
from harness.report.material import CANDIDATE
from harness.report.measures import compare, estimate, main_metric
from harness.report.page import Table
from harness.report.view import View, build_view
from harness.report.words import NOT_MEASURED, SPACE
from tests.report import made


@pytest.fixture(scope="module")
def view() -> View:
    return build_view(made.material())


def texts(table: Table) -> list[list[str]]:
    return [[cell.text.replace(SPACE, " ") for cell in row] for row in table.rows]


def table(view: View, suite: str, caption: str) -> Table:
    part = next(part for part in view.suites if part.name == suite)
    return next(found for task in part.tasks for found in task.tables if found.caption.startswith(caption))


def test_what_was_tested_is_said(view: View) -> None:
    facts = {fact.term: fact.text.replace(SPACE, " ") for fact in view.facts}
    assert facts["Candidate"].startswith("adapter ")
    assert facts["Compared with"] == "base (4 examples in the prompt)"
    assert facts["Suites"] == "triage, orders, summaries, general"
    assert facts["Decided"] == "22 November 2026, 03:21 UTC"


def test_each_gate_has_a_row_and_a_drawing(view: View) -> None:
    assert len(view.gates.plots) == len(view.gates.table.rows) == len(made.gates())
    margin = texts(view.gates.table)[3]
    assert margin[0] == "general.accuracy"
    assert margin[6] == "at most 5 points below base"


def test_what_was_not_measured_is_no_number(view: View) -> None:
    cell = view.gates.table.rows[-1][2]
    assert cell.text == NOT_MEASURED
    assert cell.note == "40 samples are too few to prove anything here"
    assert view.gates.plots[-1].value == NOT_MEASURED


def test_gates_and_comparison_show_the_same_interval(view: View) -> None:
    gate = texts(view.gates.table)[3]
    compared = next(row for row in texts(view.comparisons[0].table) if row[0] == "general.accuracy")
    assert gate[4:6] == compared[3:5]


def test_counts_add_up_and_reasons_are_told(view: View) -> None:
    assert texts(view.suites[0].counts)[0][:5] == ["candidate", "236", "3", "1", "240"]
    assert any("the text is none of the labels" in reason for reason in view.suites[0].reasons)


def test_the_confusion_matrix_counts_every_evaluated_sample(view: View) -> None:
    rows = texts(table(view, "triage", "Confusion"))
    assert sum(int(number) for row in rows for number in row[1:]) == 239
    assert sum(int(row[-1]) for row in rows) == 3


def test_precision_and_recall_are_those_of_the_matrix(view: View) -> None:
    matrix = texts(table(view, "triage", "Confusion"))
    first = texts(table(view, "triage", "Class"))[0]
    right = int(matrix[0][1])
    assert first[2] == f"{100 * right / sum(int(row[1]) for row in matrix):.1f} %"
    assert first[3] == f"{100 * right / sum(map(int, matrix[0][1:])):.1f} %"


def test_fields_and_slices_have_their_tables(view: View) -> None:
    assert [row[0] for row in texts(table(view, "orders", "Field"))] == list(made.FIELDS)
    slices = texts(table(view, "triage", "Slice"))
    assert ["language: de", "80"] in [row[:2] for row in slices]
    assert [row[0] for row in slices] == sorted(row[0] for row in slices)


def test_multiple_choice_has_no_confusion_matrix(view: View) -> None:
    general = next(part for part in view.suites if part.name == "general")
    assert [found.caption for found in general.tasks[0].tables] == ["The candidate's metrics"]


def test_flips_are_cut_at_25_and_say_so(view: View) -> None:
    better = next(part for part in view.flips[0].lists if part.tone == "better")
    counts = texts(view.flips[0].table)[0]
    assert len(better.flips) == 25
    assert better.cut.replace(SPACE, " ").startswith(f"{int(counts[2]) - 25} more samples not shown")
    assert {(flip.candidate_score, flip.baseline_score) for flip in better.flips} == {("right", "wrong")}


def test_a_flip_shows_the_input_and_names_choices(view: View) -> None:
    flips = {flip.sample: flip for part in view.flips[0].lists for flip in part.flips}
    labelled = next(flip for name, flip in flips.items() if name.startswith("triage-"))
    assert re.fullmatch(r"triage message \d+: the parcel .* what now\?", labelled.input)
    chosen = next(flip for name, flip in flips.items() if name.startswith("gk-"))
    assert ": the " in chosen.candidate
    assert "Question" in chosen.input


def test_training_marks_the_step_that_was_kept(view: View) -> None:
    assert view.training is not None
    assert view.training.curve is not None
    assert "kept: step 105" in view.training.curve
    assert view.training.warnings
    assert view.training.table is not None
    assert "105 (kept)" in [row[0] for row in texts(view.training.table)]


@pytest.mark.parametrize(
    "manifest",
    [{}, {"history": None}, {"history": [3, {"step": 1}], "rows": True, "best_step": "x", "wall_seconds": None},
     {"history": [{"step": 1, "loss": float("nan")}, {"step": 2, "loss": 1.0}], "warnings": "none"}],
)  # fmt: skip
def test_a_manifest_may_lack_anything(manifest: dict[str, object]) -> None:
    part = build_view(made.material(training=manifest)).training
    assert part is not None
    assert part.curve is None


def test_nothing_but_a_decision_makes_a_page() -> None:
    bare = made.material(decision=made.decision(Verdict.ERROR, ()), runs={}, training=None)
    view = build_view(bare)
    assert view.training is None
    assert [*view.suites, *view.comparisons, *view.flips, *view.gates.plots] == []


def test_a_candidate_without_baseline_or_baseline_without_task() -> None:
    runs = made.runs()
    alone = build_view(made.material(runs={CANDIDATE: runs[CANDIDATE]}))
    assert not alone.comparisons
    partial = build_view(made.material(runs={**runs, "base": {"triage": runs["base"]["triage"]}}))
    missing = [row for row in partial.comparisons[0].table.rows if row[1].text == NOT_MEASURED]
    assert {row[1].note for row in missing} >= {"base has not run this task"}


def test_all_lost_is_not_measured_never_zero() -> None:
    result = TaskResult(
        "t", (Sample("a", {}, "x"),), (Output("a", None, error="timed out"),),
        (Answer("a", Outcome.NOT_EVALUATED, reason="timed out"),), (Score("a", "accuracy", None, reason="timed out"),),
    )  # fmt: skip
    for info in (MetricInfo("accuracy", "rate", 1), MetricInfo("macro_f1", "macro_f1", 1)):
        assert isinstance(estimate(info, result, 0.05), Unestimable)
        assert isinstance(compare(info, result, result, 0.05), Unestimable)


def test_numbers_are_those_of_the_gates_statistics() -> None:
    runs = made.runs()
    ours, theirs = runs[CANDIDATE]["triage"][1][0], runs["base"]["triage"][1][0]
    rate = MetricInfo("accuracy", "rate", 1)
    one, two = estimate(rate, ours, 0.05), compare(rate, ours, theirs, 0.05)
    assert isinstance(one, Estimate)
    assert (one.method, one.n) == ("Clopper-Pearson", 239)
    assert isinstance(two, Comparison)
    assert (two.method, two.pairs) == ("Tango", 239)


def test_one_score_keeps_its_value_without_an_interval() -> None:
    rows = tuple(Sample(f"s{i}", {}, "x") for i in range(1))
    alone = TaskResult("t", rows, (), (), tuple(Score(row.id, "rouge_l", 0.25) for row in rows))
    found = estimate(MetricInfo("rouge_l", "mean", 1), alone, 0.05)
    assert isinstance(found, Estimate)
    assert (found.value, found.low, found.high) == (0.25, None, None)


def test_groups_widen_the_interval() -> None:
    ours = made.runs()[CANDIDATE]["orders"][1][0]
    grouped = replace(ours, samples=tuple(replace(s, group=f"g{i // 6}") for i, s in enumerate(ours.samples)))
    found = estimate(MetricInfo("exact_match", "rate", 1), grouped, 0.05)
    assert isinstance(found, Estimate)
    assert found.method == "clustered t, 15 groups"


def test_the_main_metric_tells_right_from_wrong() -> None:
    infos = [
        MetricInfo(*parts, 1) for parts in (("format", "rate"), ("field_accuracy", "mean"), ("exact_match", "rate"))
    ]
    found = main_metric(infos)
    assert found is not None
    assert found.name == "exact_match"
    assert main_metric(infos[:1]) is None
