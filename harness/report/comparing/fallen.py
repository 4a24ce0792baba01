"""A sample that got worse, side by side, as texts that are safe to look at."""

from __future__ import annotations

from harness.core.runs import TaskResult
from harness.report.comparing.view import Fallen
from harness.report.flips import input_text, said_text, value_text
from harness.report.guard import label, passage


def fallen(sample_id: str, ours: TaskResult, theirs: TaskResult, scores: tuple[float, float]) -> Fallen:
    """The sample of this id, which both results have, with its scores and what both sides gave."""
    sample = next(one for one in ours.samples if one.id == sample_id)
    asked, target = passage(input_text(sample)), passage(value_text(sample.target, sample))
    return Fallen(label(sample_id), scores, asked, target, (_said(ours, sample_id), _said(theirs, sample_id)))


def _said(result: TaskResult, sample_id: str) -> str:
    """What was given; where the repeats of a sample differ, each of them."""
    sample = next(one for one in result.samples if one.id == sample_id)
    outputs = [one for one in result.outputs if one.sample_id == sample_id]
    answers = {one.repeat: one for one in result.answers if one.sample_id == sample_id}
    found = [said_text((one, answers[one.repeat]), sample) for one in outputs if one.repeat in answers]
    return " / ".join(dict.fromkeys(found or [said_text(None, sample)]))
