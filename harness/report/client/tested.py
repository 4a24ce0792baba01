"""What was tested: kinds and counts of test cases, and the models that they were given to."""

from __future__ import annotations

from harness.report import words
from harness.report.client.names import Names
from harness.report.client.page import Section
from harness.report.client.wording import start, tell
from harness.report.numbers import TaskNumbers


def tested_section(names: Names) -> Section:
    """One sentence for each task, and one for each model beside the new one."""
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
        points=tuple(_task(task, names) for task in tasks),
    )


def cases(task: TaskNumbers) -> str:
    """How many test cases a task has."""
    return words.count(task.samples, "test case")


def _task(task: TaskNumbers, names: Names) -> str:
    say, count = names.say, cases(task)
    classes = len(task.classes) or (len(task.confusion.classes) if task.confusion else 0)
    fields = len({part.name for part in task.fields})
    if task.robustness is not None:
        told = tell(say, "tested_altered", count=count)
    elif classes:
        told = tell(say, "tested_classes", count=count, classes=words.count(classes, "class", "classes"))
    elif fields:
        told = tell(say, "tested_fields", count=count, fields=words.count(fields, "field"))
    else:
        told = tell(say, "tested_other", count=count)
    repeats = f" {tell(say, 'tested_repeats', repeats=str(task.repeats))}" if task.repeats > 1 else ""
    return f"{start(names.task(task))}: {told}.{repeats}"


def _models(names: Names) -> list[str]:
    baselines = names.material.baselines
    told = [tell(names.say, "compared", role=start(names.role(role))) for role in baselines]
    return told or [names.say["compared_none"]]
