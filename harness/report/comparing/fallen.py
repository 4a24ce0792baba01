"""A sample that got worse, side by side, as texts that are safe to look at."""

from __future__ import annotations

from harness.core.runs import TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample
from harness.report.comparing.view import Fallen
from harness.report.guard import label, passage, written


def fallen(sample_id: str, ours: TaskResult, theirs: TaskResult, scores: tuple[float, float]) -> Fallen:
    """The sample of this id, which both results have, with its scores and what both sides gave."""
    sample = next(one for one in ours.samples if one.id == sample_id)
    asked, target = passage(_input_text(sample)), passage(_value_text(sample.target, sample))
    return Fallen(label(sample_id), scores, asked, target, (_said(ours, sample_id), _said(theirs, sample_id)))


def _said(result: TaskResult, sample_id: str) -> str:
    """What was given; where the repeats of a sample differ, each of them."""
    sample = next(one for one in result.samples if one.id == sample_id)
    outputs = [one for one in result.outputs if one.sample_id == sample_id]
    answers = {one.repeat: one for one in result.answers if one.sample_id == sample_id}
    found = [_said_text((one, answers[one.repeat]), sample) for one in outputs if one.repeat in answers]
    return " / ".join(dict.fromkeys(found or [_said_text(None, sample)]))


def _input_text(sample: Sample) -> str:
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


def _said_text(found: tuple[Output, Answer] | None, sample: Sample) -> str:
    """What the model gave, and what was wrong with its form."""
    if found is None:
        return "(no output)"
    output, answer = found
    text = _value_text(answer.value, sample) if output.text is None else output.text
    shown = passage(text) if text.strip() else "(empty)"
    if answer.outcome is Outcome.SCORED and answer.reason is None:
        return shown
    return f"{shown}\n[{label(answer.reason or 'no readable answer', 300)}]"


def _value_text(value: object, sample: Sample) -> str:
    """A target or an answer; the number of a choice with the choice."""
    choices = sample.row.get("choices")
    if isinstance(choices, list) and type(value) is int and 0 <= value < len(choices):
        return f"{value}: {written(choices[value])}"
    return written(value)
