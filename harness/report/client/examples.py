"""A few test cases with their answers, where the release shows them: some right, some wrong."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.samples import Outcome
from harness.report import words
from harness.report.client.names import Names
from harness.report.client.page import Example, Section
from harness.report.client.redaction import redact
from harness.report.client.wording import start
from harness.report.guard import passage
from harness.report.material import CANDIDATE
from harness.report.numbers import Failures, TaskNumbers
from harness.report.page import Fact, Mark
from harness.report.shown import Said, Shown

EACH = 2
_LONGEST = 700


def samples_section(names: Names) -> Section | None:
    """Up to two right and two wrong answers of each task; None unless the release shows samples."""
    presentation, say = names.material.presentation, names.say
    if not presentation.samples:
        return None
    examples = tuple(one for task in names.material.tasks for one in _examples(task, names))
    intro = say["samples_redacted" if presentation.redact else "samples_intro"]
    intro = intro if examples else say["samples_none"]
    return Section("samples", say["nav_samples"], say["heading_samples"], paragraphs=(intro,), examples=examples)


def _examples(task: TaskNumbers, names: Names) -> Iterator[Example]:
    if task.failures is None:
        return
    changed = [shown for change in task.changes for shown in (*change.risen, *change.fallen)]
    every = {shown.id: shown for shown in (*task.failures.worst, *changed)}.values()
    for right in (True, False):
        fitting = [shown for shown in every if _is_right(shown, task.failures) is right]
        yield from (_example(shown, task, right, names) for shown in fitting[:EACH])


def _is_right(shown: Shown, failures: Failures) -> bool | None:
    """Whether the new model's answer is right, or near enough where answers are more or less so; None: not known."""
    said = shown.said.get(CANDIDATE)
    if said is None or said.score is None or said.outcome is Outcome.NOT_EVALUATED:
        return None
    return not failures.is_failure(said.score)


def _example(shown: Shown, task: TaskNumbers, right: bool, names: Names) -> Example:
    say, safe = names.say, redact(shown, names.material.presentation.redact)
    exact = any(one.info.name == task.main and one.info.aggregate == "rate" for one in task.metrics)
    kind = ("right" if right else "wrong") if exact else ("close" if right else "far")
    seen = Mark(say[f"sample_{kind}"], *(("✓", "pass") if right else ("✕", "fail")))
    texts = [Fact(say["sample_input"], passage(safe.input, _LONGEST))]
    texts += [Fact(say["sample_target"], passage(safe.target, _LONGEST))]
    texts += [Fact(start(names.role(role)), _said(one, names)) for role, one in safe.said.items()]
    return Example(names.heading(task), seen, tuple(texts))


def _said(said: Said, names: Names) -> str:
    return passage(said.text, _LONGEST) if said.text else names.say["sample_nothing"] or words.NOTHING
