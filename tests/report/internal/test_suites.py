"""The suites in detail: ends, reasons, classes, fields, slices and perturbations."""

from __future__ import annotations

from dataclasses import replace

from harness.core.estimates import Comparison, Unestimable
from harness.core.samples import Outcome
from harness.report.internal.page import SuitePart
from harness.report.internal.suites import suite_parts
from harness.report.material import Material
from harness.report.numbers import ClassNumbers, Confusion, Perturbed, Robustness, SuiteNumbers, TaskNumbers, Unscored
from harness.report.page import Table
from harness.report.words import NOT_MEASURED
from tests.report import made
from tests.report.internal.reading import notes, texts

TRIAGE = made.suites()[0].tasks[0]


def suite(material: Material, name: str = "triage") -> SuitePart:
    return next(part for part in suite_parts(material) if part.name == name)


def table(part: SuitePart, caption: str) -> Table:
    return next(e.table for task in part.tasks for e in task.exhibits if e.table.caption.startswith(caption))


def captions(part: SuitePart) -> list[str]:
    return [e.table.caption for task in part.tasks for e in task.exhibits]


def of_task(**changes: object) -> SuitePart:
    """The triage suite with another task."""
    task: TaskNumbers = replace(TRIAGE, **changes)  # type: ignore[arg-type]
    return suite(made.material(suites=(SuiteNumbers("triage", (task,)),)))


def test_counts_add_up_and_reasons_are_told() -> None:
    part = suite(made.material())
    assert texts(part.counts)[0][:5] == ["candidate", "236", "3", "1", "240"]
    assert part.reasons[0].replace("\u00a0", " ") == "3 samples — model failed: the text is none of the labels"
    assert part.reasons[1].replace("\u00a0", " ") == "1 sample — not evaluated: connection reset"


def test_a_model_that_lacks_the_suite_has_no_counts() -> None:
    runs = made.runs()
    part = suite(made.material(runs={**runs, "base": {"orders": runs["base"]["orders"]}}))
    assert texts(part.counts)[1][:2] == ["base", NOT_MEASURED]
    assert notes(part.counts)[1][1] == "it has not run this suite"


def test_rare_reasons_are_summed_up() -> None:
    many = tuple(Unscored(Outcome.MODEL_FAILED, f"reason {i}", 12 - i) for i in range(10))
    part = suite(made.material(suites=(SuiteNumbers("triage", (TRIAGE,), many),)))
    assert len(part.reasons) == 9
    assert part.reasons[-1].replace("\u00a0", " ") == "7 samples — other reasons"


def test_the_confusion_matrix_counts_every_evaluated_sample() -> None:
    rows = texts(table(suite(made.material()), "Confusion"))
    assert sum(int(number) for row in rows for number in row[1:]) == 239
    assert sum(int(row[-1]) for row in rows) == 3


def test_precision_and_recall_are_those_of_the_matrix() -> None:
    part = suite(made.material())
    matrix, first = texts(table(part, "Confusion")), texts(table(part, "Class"))[0]
    right = int(matrix[0][1])
    assert first[2] == f"{100 * right / sum(int(row[1]) for row in matrix):.1f} %"
    assert first[3] == f"{100 * right / sum(map(int, matrix[0][1:])):.1f} %"


def test_a_class_that_never_came_has_no_share() -> None:
    part = of_task(classes=(ClassNumbers("rare", 0, 0, 0, Unestimable("it never came")),))
    row, below = texts(table(part, "Class"))[0], notes(table(part, "Class"))[0]
    assert row[:5] == ["rare", "0", NOT_MEASURED, NOT_MEASURED, NOT_MEASURED]
    assert below[2:5] == ["never answered", "never the target", "it never came"]


def test_many_classes_have_a_cut_table_and_no_square() -> None:
    names = tuple(f"class {i}" for i in range(77))
    classes = tuple(ClassNumbers(name, 3, 3, 3, Unestimable("few")) for name in names)
    part = of_task(classes=classes, confusion=Confusion(names, {(name, name): 3 for name in names}))
    found = table(part, "Class")
    assert len(found.rows) == 60
    assert found.note.replace("\u00a0", " ") == "17 more classes not shown; harness store query has them."
    assert not [caption for caption in captions(part) if caption.startswith("Confusion")]


def test_fields_and_slices_have_their_tables() -> None:
    material = made.material()
    fields = table(suite(material, "orders"), "Field")
    assert [row[0] for row in texts(fields)] == list(made.FIELDS)
    assert [cell.note for cell in fields.head[2:]] == ["candidate", "base"]
    slices = texts(table(suite(material), "Slice"))
    assert ["language: de", "80"] in [row[:2] for row in slices]


def test_a_field_that_a_model_was_not_asked_is_no_number() -> None:
    part = made.suites()[1].tasks[0].fields[0]
    found = table(of_task(fields=(replace(part, own={"candidate": part.own["candidate"]}),)), "Field")
    assert texts(found)[0][3] == NOT_MEASURED


def test_only_classification_has_classes() -> None:
    general = suite(made.material(), "general")
    assert captions(general) == ["The candidate's metrics on general.knowledge"]


def test_repeats_and_groups_are_told() -> None:
    part = of_task(groups=40, repeats=3, flip_rate=0.125)
    told = part.tasks[0].about.replace("\u00a0", " ")
    assert told == "240 samples in 40 groups, each asked 3 times; 12.5 % got different answers"


def test_each_perturbation_stands_beside_the_clean_run() -> None:
    change = Comparison(0.5, 0.93, -0.43, -0.5, -0.36, 0.95, 60, "Tango")
    kinds = (Perturbed("typos", 60, change), Perturbed("injection", 60, Unestimable("nothing to compare")))
    found = table(
        of_task(robustness=Robustness("triage.queue", "accuracy", kinds)),
        "triage.queue perturbed against clean: accuracy",
    )
    assert texts(found)[0][:5] == ["typos", "60", "50.0 %", "93.0 %", "−43.0 points"]
    assert found.rows[0][4].style == "number worse"
    assert (texts(found)[1][2], notes(found)[1][2]) == (NOT_MEASURED, "nothing to compare")
    assert "triage.queue" in found.note


def test_a_clean_task_that_was_not_run_is_said() -> None:
    lacking = Robustness("triage.other", "accuracy", problem="the clean task triage.other was not run")
    found = table(of_task(robustness=lacking), "triage.queue perturbed against clean")
    assert (found.rows, found.note) == ((), "Nothing to compare: the clean task triage.other was not run.")


def test_too_many_tasks_are_counted() -> None:
    tasks = tuple(replace(TRIAGE, name=f"task {i}") for i in range(70))
    part = suite(made.material(suites=(SuiteNumbers("triage", tasks),)))
    assert len(part.tasks) == 61
    assert part.tasks[-1].about.replace("\u00a0", " ") == "10 more tasks not shown; harness store query has them."
