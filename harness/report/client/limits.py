"""What is not guaranteed: said outright, because a report that is silent on it reads like a promise."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.decisions import GateResult
from harness.core.estimates import Estimate
from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.client import figures
from harness.report.client.endings import endings
from harness.report.client.names import Names
from harness.report.client.page import Section
from harness.report.client.promises import sentence
from harness.report.client.tested import cases
from harness.report.client.wording import start, tell
from harness.report.guard import label
from harness.report.material import CANDIDATE
from harness.report.numbers import TaskNumbers
from harness.stats.proportion import no_event

SMALL = 200  # below it, even a fault in one of a hundred cases may easily not come up
_MOST = 5


def open_section(names: Names) -> Section:
    """Promises that were not shown first, then what the test could not see at all."""
    say, decision = names.say, names.material.decision
    missed = [sentence(one, names) for one in decision.results if one.verdict is not Verdict.PASS]
    points = [*missed, *_zero(names), *_doubts(names), *_tasks(names), *_untested(names), say["open_scope"]]
    paragraphs = (say["open_intro"],)
    return Section("open", say["nav_open"], say["heading_open"], paragraphs, tuple(map(start, points)))


def _zero(names: Names) -> Iterator[str]:
    """No failure seen is not no failure."""
    for result in names.material.decision.results:
        found = result.finding.evidence
        if result.gate.rule == "no_critical_failures" and isinstance(found, Estimate) and _is_zero(result, found):
            count = words.count(found.n, "answer")
            value = figures.at_most(no_event(found.n, 1 - found.level))
            yield tell(names.say, "open_zero", short=names.short(result.gate), count=count, value=value)


def _is_zero(result: GateResult, found: Estimate) -> bool:
    return found.value == 0 and result.verdict is not Verdict.FAIL


def _doubts(names: Names) -> Iterator[str]:
    """What may be wrong with the test as a whole."""
    material, say = names.material, names.say
    if any(f"adapter {run.adapter_proof}" in material.decision.notes for run in material.candidate.values()):
        yield say["open_unproven"]
    keys = {task.key: names.task(task) for task in material.tasks}
    for task, number in material.decision.attempts.items():
        if number > 1:
            where = keys.get(task) or tell(say, "where", name=label(task))
            yield tell(say, "open_attempts", where=where, count=words.count(number, "model"))
    yield from endings(names)
    for suite, run in material.candidate.items():
        if run.counts.not_evaluated:
            count = words.count(run.counts.total, "answer")
            where = tell(say, "where", name=label(suite.replace("_", " ")))
            yield tell(say, "open_lost", where=where, lost=f"{run.counts.not_evaluated:,}", count=count)


def _tasks(names: Names) -> Iterator[str]:
    say, tasks = names.say, names.material.tasks
    agreed = {result.gate.metric for result in names.material.decision.results}
    unasked = [names.task(task) for task in tasks if not any(one.name in agreed for one in task.metrics)]
    if unasked:
        yield tell(say, "open_unasked", where=", ".join(unasked))
    small = sorted((task for task in tasks if 0 < _units(task) < SMALL), key=_units)
    rare = [_small(task, names) for task in small[:_MOST]]
    if len(small) > _MOST:
        rare.append(tell(say, "open_small_more", count=words.count(len(small) - _MOST, "more task")))
    if rare:
        yield tell(say, "open_rare", list="; ".join(rare))
    for task in tasks:
        if task.flip_rate:
            yield tell(say, "open_flips", where=names.task(task), share=words.percent(task.flip_rate))


def _small(task: TaskNumbers, names: Names) -> str:
    units = _units(task)
    value = figures.at_most(no_event(units, names.material.alpha))
    count = cases(task) if units == task.samples else tell(names.say, "open_groups", groups=f"{units:,}")
    return tell(names.say, "open_small", where=names.task(task), count=count, value=value)


def _units(task: TaskNumbers) -> int:
    """What counts by itself: groups where samples come in groups."""
    return task.groups or task.samples


def _untested(names: Names) -> Iterator[str]:
    tasks = names.material.tasks
    if not any(task.robustness is not None for task in tasks):
        yield names.say["open_robust"]
    if not any(one.role == CANDIDATE for one in names.material.speed):
        yield names.say["open_speed"]
