"""How the samples of runs ended: a baseline that never answered is nothing to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from harness.core.decisions import Endings
from harness.core.endings import BY_PROVIDER, OF_FORM, Ending, endings_in_words
from harness.core.metric_refs import CLEAN, MEASURED_RUN, MetricRef
from harness.core.policies import Gate, Subset
from harness.core.runs import MetricInfo, Run
from harness.core.samples import Json
from harness.pipeline.judging.comparable import of_task
from harness.pipeline.judging.series import places_of
from harness.store.columns import ENDINGS, TaskColumns

MOST = 0.10  # share of a baseline's answers that may have no text to judge, or not the form that was asked for


class HasColumns(Protocol):
    """A run with its results by task, and what it took to make it."""

    @property
    def run(self) -> Run: ...

    @property
    def results(self) -> Mapping[str, TaskColumns]: ...

    @property
    def recipe(self) -> Mapping[str, Json]: ...


_WORDS = {
    Ending.UNREADABLE: "not in the form that was asked for",
    Ending.LENGTH: "cut off (length)",
    Ending.EMPTY: "empty",
    Ending.CONTENT_FILTER: "withheld by a content filter",
    Ending.REFUSAL: "a refusal",
    Ending.TOOL_CALLS: "a tool call",
    Ending.ERROR: "an error in the place of an answer",
    Ending.REJECTED: "refused by the server",
    Ending.LOST: "lost",
}


def counted(columns: TaskColumns, places: Sequence[int] | None = None) -> dict[str, int]:
    """How often each ending came, those that came at all; of the samples at `places` (None: of all)."""
    found = columns.endings if places is None else columns.endings[np.asarray(places, dtype=np.int64)]
    numbers, counts = np.unique(found, return_counts=True)
    return {str(ENDINGS[number]): int(count) for number, count in zip(numbers, counts, strict=True)}


def endings_of(material: Mapping[str, Mapping[str, HasColumns]]) -> Endings:
    """Counts of all endings by role and "suite.task", from the runs by role and suite."""
    return {
        role: {
            f"{suite}.{task}": counted(columns)
            for suite, judged in suites.items()
            if suite != MEASURED_RUN
            for task, columns in judged.results.items()
        }
        for role, suites in material.items()
    }


def endings_notes(
    endings: Endings, limits: Mapping[str, int], gates: Iterable[Gate], refs: Mapping[str, MetricRef]
) -> list[str]:
    """A sentence for each task of each model whose answers are not all whole, where it stands beside no gate.

    `limits` are the tasks' max_new_tokens.
    """
    beside = {
        (role, f"{ref.suite}.{ref.task}")
        for gate in gates
        if gate.subset is None and (ref := refs.get(gate.metric))
        for role in _looked_at_by(gate)
    }
    return [
        said
        for role, tasks in endings.items()
        for task, counts in tasks.items()
        if (role, task) not in beside
        if (said := endings_in_words(counts, limits.get(task), f" of the {role} to {task}"))
    ]


def _looked_at_by(gate: Gate) -> list[str]:
    """The models whose answers to a task a gate rests on."""
    return ["candidate", *([gate.against] if gate.against and gate.against != CLEAN else [])]


def limits_of(material: Mapping[str, Mapping[str, HasColumns]]) -> dict[str, int]:
    """How many tokens the answers to each "suite.task" may have, as far as the runs kept it."""
    return {
        f"{suite}.{task}": limit
        for suites in material.values()
        for suite, judged in suites.items()
        for task in judged.results
        if (limit := limit_of(judged.recipe, task)) is not None
    }


def limit_of(recipe: Mapping[str, Json], task: str) -> int | None:
    """The task's max_new_tokens; None where the run's recipe was not kept."""
    generation = of_task(recipe, task).get("generation")
    found = generation.get("max_new_tokens") if isinstance(generation, Mapping) else None
    return found if isinstance(found, int) else None


def endings_beside(gate: Gate, ref: MetricRef | None, material: Mapping[str, Mapping[str, HasColumns]]) -> str:
    """How the answers ended that a gate looks at, of the candidate and of whom it is compared with; "" for all whole.

    Of a part of a task only that part's answers are counted.
    """
    if ref is None:
        return ""
    told = []
    for role in _looked_at_by(gate):
        judged = material.get(role, {}).get(ref.suite)
        columns = judged.results.get(ref.task) if judged else None
        if judged is not None and columns is not None:
            info = next((one for one in judged.run.metrics.get(ref.task, ()) if one.name == ref.metric), None)
            places = places_of(columns, info, gate.subset) if info and gate.subset else None
            limit = limit_of(judged.recipe, ref.task)
            told.append(endings_in_words(counted(columns, places), limit, f" of the {role}"))
    return "; ".join(said for said in told if said)


def worded(counts: Mapping[str, int], kinds: Iterable[Ending] = tuple(_WORDS)) -> str:
    """The endings without an answer, in words: "3 empty, 2 cut off (length)"."""
    return ", ".join(f"{counts[kind]} {_WORDS[kind]}" for kind in kinds if counts.get(kind))


def no_evidence(role: str | None, columns: TaskColumns, info: MetricInfo, subset: Subset | None) -> str:
    """Why a baseline is none: too many of its answers were withheld; "" where they were not."""
    for counts, part in _looked_at(columns, info, subset):
        withheld, total = sum(counts.get(kind, 0) for kind in BY_PROVIDER), sum(counts.values())
        if withheld > MOST * total:
            return (
                f"the {role} did not answer {withheld} of {total} samples{part} ({worded(counts, BY_PROVIDER)}; "
                f"{MOST:.0%} may), so it is nothing to compare with: mend how it is asked, and run "
                "`harness gate --again`"
            )
    return ""


def without_form(
    columns: TaskColumns, info: MetricInfo, subset: Subset | None, kinds: Sequence[Ending] = OF_FORM
) -> str:
    """Which share of the answers is not in the form that was asked for, where that is too much; "" where not."""
    for counts, part in _looked_at(columns, info, subset):
        wrong, total = sum(counts.get(kind, 0) for kind in kinds), sum(counts.values())
        if wrong > MOST * total:
            return f"{wrong} of {total} answers{part} are {worded(counts, kinds)}"
    return ""


def _looked_at(
    columns: TaskColumns, info: MetricInfo, subset: Subset | None
) -> Iterator[tuple[Mapping[str, int], str]]:
    """The endings of the whole task, then those of the part that a gate looks at."""
    yield counted(columns), ""
    if subset is not None:
        yield counted(columns, list(places_of(columns, info, subset))), f" of {subset}"
