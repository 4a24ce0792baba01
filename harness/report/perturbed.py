"""How a task held under each perturbation: the same samples before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.core.clean import before
from harness.core.estimates import Unestimable
from harness.core.runs import MetricInfo, TaskResult
from harness.report import words
from harness.report.guard import label
from harness.report.material import Recorded, result_of
from harness.report.measures import compare
from harness.report.page import Cell, Table, heads, missing, number

SLICE = "perturbation"


def perturbed_table(
    runs: Mapping[str, Recorded], suite: str, ours: TaskResult, info: MetricInfo, alpha: float
) -> Table:
    """The candidate's metric on the samples of each perturbation, and on the clean samples that they came from.

    `runs` are the candidate's by suite. Where the clean task was not run, or is another one, the table says so.
    """
    head = heads("Perturbation", "Samples", "Perturbed", "Clean", "Difference", "Interval")
    caption = f"Perturbed against clean: {label(info.name)}"
    clean = runs[suite][0].clean.get(ours.task, "")
    found = result_of(runs, *clean.split(".")) if clean else None
    if found is None:
        return Table(caption, head, (), f"The clean task {label(clean)} was not run.")
    try:
        theirs = before(ours, found)
    except ValueError as error:
        return Table(caption, head, (), f"Not made of {label(clean)}: {label(str(error), 200)}.")
    kinds = list(dict.fromkeys(sample.slices.get(SLICE, "") for sample in ours.samples))
    rows = tuple(_row(kind, _only(ours, ours, kind), _only(theirs, ours, kind), info, alpha) for kind in kinds)
    return Table(caption, head, rows, f"Clean: the same samples of {label(clean)}, before they were perturbed.")


def _only(result: TaskResult, ours: TaskResult, kind: str) -> TaskResult:
    """The part of a result that one perturbation gave; `ours` knows which samples it made."""
    ids = {sample.id for sample in ours.samples if sample.slices.get(SLICE, "") == kind}
    return replace(
        result,
        samples=tuple(sample for sample in result.samples if sample.id in ids),
        outputs=tuple(output for output in result.outputs if output.sample_id in ids),
        answers=tuple(answer for answer in result.answers if answer.sample_id in ids),
        scores=tuple(score for score in result.scores if score.sample_id in ids),
    )


def _row(kind: str, ours: TaskResult, clean: TaskResult, info: MetricInfo, alpha: float) -> tuple[Cell, ...]:
    name, count, nothing = Cell(label(kind)), number(f"{len(ours.samples):,}"), number(words.NOTHING)
    found = compare(info, ours, clean, alpha)
    if isinstance(found, Unestimable):
        return name, count, missing(label(found.reason, 200)), nothing, nothing, nothing
    return (
        name,
        count,
        number(words.percent(found.candidate)),
        number(words.percent(found.baseline)),
        number(words.points(found.difference)),
        number(words.interval(found.low, found.high, words.points), label(found.method)),
    )
