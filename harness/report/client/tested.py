"""What was tested: kinds and counts of test cases, and the models that they were given to."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report import words
from harness.report.client.names import Names
from harness.report.client.page import Section
from harness.report.client.wording import start, tell
from harness.report.numbers import TaskNumbers
from harness.report.page import Cell, Table, number


def tested_section(names: Names) -> Section:
    """The tasks as a table, and a sentence for each model beside the new one."""
    say, tasks = names.say, names.material.tasks
    intro = say["tested_none"]
    if tasks:
        count = words.count(sum(task.samples for task in tasks), "test case")
        intro = tell(say, "tested_intro", tasks=words.count(len(tasks), "task"), count=count)
    return Section(
        "tested",
        say["nav_tested"],
        say["heading_tested"],
        paragraphs=(intro, " ".join(_models(names))) if tasks else (intro,),
        tables=(_table(tasks, names),) if tasks else (),
    )


def cases(task: TaskNumbers) -> str:
    """How many test cases a task has."""
    return words.count(task.samples, "test case")


def _table(tasks: Sequence[TaskNumbers], names: Names) -> Table:
    say = names.say
    head = (Cell(say["head_task"]), Cell(say["head_asked"]), Cell(say["head_cases"], "number"))
    return Table(say["table_tested"], head, tuple(_task(task, names) for task in tasks), style="cards")


def _task(task: TaskNumbers, names: Names) -> tuple[Cell, ...]:
    say = names.say
    classes = len(task.classes) or (len(task.confusion.classes) if task.confusion else 0)
    fields = len({part.name for part in task.fields})
    if task.robustness is not None:
        told = say["tested_altered"]
    elif classes:
        told = tell(say, "tested_classes", classes=words.count(classes, "class", "classes"))
    elif fields:
        told = tell(say, "tested_fields", fields=words.count(fields, "field"))
    else:
        told = say["tested_other"]
    repeats = tell(say, "tested_repeats", repeats=str(task.repeats)) if task.repeats > 1 else ""
    return Cell(names.heading(task)), Cell(told, note=repeats), number(f"{task.samples:,}")


def _models(names: Names) -> list[str]:
    baselines = names.material.baselines
    told = [tell(names.say, "compared", role=start(names.role(role))) for role in baselines]
    return told or [names.say["compared_none"]]
