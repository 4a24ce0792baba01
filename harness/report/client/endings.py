"""Answers that are not whole, of every model: a comparison with one that did not answer shows little."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.core.endings import BY_PROVIDER, OF_FORM, Ending
from harness.core.policies import Gate
from harness.report import words
from harness.report.client.names import Names
from harness.report.client.wording import tell
from harness.report.guard import label
from harness.report.material import CANDIDATE

_NOT_WHOLE = (*OF_FORM, *BY_PROVIDER)


def endings(names: Names) -> Iterator[str]:
    """A sentence for each model and task with such answers."""
    tasks = {task.key: task for task in names.material.tasks}
    for role, by_task in names.material.decision.endings.items():
        for task, counts in by_task.items():
            known = tasks.get(task)
            task_name = names.task(known) if known else tell(names.say, "where", name=label(task))
            if kinds := _kinds(names, counts, known.limit if known else None):
                model = names.role(role)
                yield tell(names.say, "open_endings", where=task_name, model=model, kinds=kinds, **_share(counts))


def endings_beside(gate: Gate, names: Names) -> str:
    """The same of the new model, beside what a gate found on one of its tasks; "" where all its answers are whole."""
    task_and_metric = None if gate.is_check else names.find(gate.metric)
    if task_and_metric is None:
        return ""
    task, _ = task_and_metric
    counts = names.material.decision.endings.get(CANDIDATE, {}).get(task.key, {})
    kinds = _kinds(names, counts, task.limit)
    return tell(names.say, "found_endings", kinds=kinds, **_share(counts)) if kinds else ""


def _kinds(names: Names, counts: Mapping[str, int], limit: int | None) -> str:
    keys = [(_key(kind, limit), f"{counts[kind]:,}") for kind in _NOT_WHOLE if counts.get(kind)]
    at = {"limit": f"{limit:,}"} if limit is not None else {}
    return ", ".join(tell(names.say, key, count=count, **at) for key, count in keys)


def _key(kind: Ending, limit: int | None) -> str:
    return "ending_length_at" if kind is Ending.LENGTH and limit is not None else f"ending_{kind}"


def _share(counts: Mapping[str, int]) -> dict[str, str]:
    not_whole = sum(counts.get(kind, 0) for kind in _NOT_WHOLE)
    return {"share": f"{not_whole:,}", "count": words.count(sum(counts.values()), "answer")}
