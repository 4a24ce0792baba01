"""Samples whose answer got worse, or better, than the baseline's: the numbers made of words again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample
from harness.report import words
from harness.report.guard import label, passage, written
from harness.report.material import Material, result_of
from harness.report.measures import main_metric, scores_of
from harness.report.page import Cell, Flip, FlipList, Flips, Table, heads, number

MOST = 25


@dataclass(frozen=True, slots=True)
class _Pair:
    """One task's results from both models, and each sample's change (more is better)."""

    name: str
    metric: MetricInfo
    ours: TaskResult
    theirs: TaskResult
    changes: Mapping[str, float]


def flips_parts(material: Material) -> tuple[Flips, ...]:
    """One part for each baseline; tasks without a score for each sample have no flips."""
    return tuple(_part(material, baseline) for baseline in material.baselines)


def _part(material: Material, baseline: str) -> Flips:
    pairs = _pairs(material, baseline)
    head = heads("Task", "Got worse", "Got better", "Same", "Judged by")
    table = Table(f"Changed answers against {label(baseline)}", head, tuple(_row(pair) for pair in pairs))
    lists = [_list(pair, worse) for pair in pairs for worse in (True, False)]
    return Flips(label(baseline), table, tuple(part for part in lists if part.flips))


def _pairs(material: Material, baseline: str) -> list[_Pair]:
    found = []
    for suite, (run, results) in material.candidate.items():
        for ours in results:
            theirs, metric = (
                result_of(material.runs[baseline], suite, ours.task),
                main_metric(run.metrics.get(ours.task, ())),
            )
            if theirs is None or metric is None:
                continue
            mine, other = scores_of(ours, metric.name), scores_of(theirs, metric.name)
            changes = {sample: mine[sample] - other[sample] for sample in mine if sample in other}
            name = suite if len(results) == 1 else f"{suite}.{ours.task}"
            found.append(_Pair(name, metric, ours, theirs, changes))
    return found


def _row(pair: _Pair) -> tuple[Cell, ...]:
    changes = pair.changes.values()
    counted = (sum(c < 0 for c in changes), sum(c > 0 for c in changes), sum(c == 0 for c in changes))
    return Cell(label(pair.name)), *(number(f"{n:,}") for n in counted), number(label(pair.metric.name))


def _list(pair: _Pair, worse: bool) -> FlipList:
    """The largest changes first."""
    ids = [sample for sample, change in pair.changes.items() if (change < 0 if worse else change > 0)]
    ids.sort(key=lambda sample: -abs(pair.changes[sample]))
    side = "worse" if worse else "better"
    title = f"{label(pair.name)}: {words.count(len(ids), 'sample')} with a {side} answer"
    rest = len(ids) - MOST
    cut = f"{words.count(rest, 'more sample')} not shown; the largest changes are." if rest > 0 else ""
    look = _Look(pair)
    flips = tuple(look.flip(sample) for sample in ids[:MOST])
    return FlipList(title, side, flips, cut)


class _Look:
    """Finds what belongs to a sample."""

    def __init__(self, pair: _Pair) -> None:
        self.samples = {sample.id: sample for sample in pair.ours.samples}
        self.sides = [_by_id(result) for result in (pair.ours, pair.theirs)]
        self.metric = pair.metric
        self.scores = [scores_of(result, pair.metric.name) for result in (pair.ours, pair.theirs)]

    def flip(self, sample_id: str) -> Flip:
        """The sample, side by side."""
        sample = self.samples[sample_id]
        said = [said_text(side.get(sample_id), sample) for side in self.sides]
        scored = [_worth(scores[sample_id], self.metric) for scores in self.scores]
        asked, target = passage(input_text(sample)), passage(value_text(sample.target, sample))
        return Flip(label(sample_id), asked, target, *said, *scored)


def _worth(score: float, metric: MetricInfo) -> str:
    """What a score says of one answer."""
    if metric.aggregate == "rate":
        return "right" if score > 0.5 else "wrong"
    return words.percent(score)


def _by_id(result: TaskResult) -> dict[str, tuple[Output, Answer]]:
    answers = {answer.sample_id: answer for answer in result.answers}
    answered = [output for output in result.outputs if output.sample_id in answers]
    return {output.sample_id: (output, answers[output.sample_id]) for output in answered}


def input_text(sample: Sample) -> str:
    """The row without what is shown elsewhere: id, target, slices, group."""
    known = set(sample.slices)
    asked = {
        key: value
        for key, value in sample.row.items()
        if key not in known and key != "id" and value != sample.target and value != sample.group
    }
    if len(asked) == 1:
        return written(next(iter(asked.values())))
    return "\n".join(f"{key}: {written(value)}" for key, value in asked.items())


def said_text(found: tuple[Output, Answer] | None, sample: Sample) -> str:
    """What the model gave, and what was wrong with its form."""
    if found is None:
        return "(no output)"
    output, answer = found
    text = value_text(answer.value, sample) if output.text is None else output.text
    shown = passage(text) if text.strip() else "(empty)"
    if answer.outcome is Outcome.SCORED:
        return shown
    return f"{shown}\n[{label(answer.reason or 'no readable answer', 300)}]"


def value_text(value: object, sample: Sample) -> str:
    """A target or an answer; the number of a choice with the choice."""
    choices = sample.row.get("choices")
    if isinstance(choices, list) and type(value) is int and 0 <= value < len(choices):
        return f"{value}: {written(choices[value])}"
    return written(value)
