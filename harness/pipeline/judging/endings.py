"""How the samples of runs ended: a baseline that never answered is nothing to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from harness.core.decisions import Endings
from harness.core.endings import BY_PROVIDER, OF_FORM, Ending
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Subset
from harness.core.runs import MetricInfo
from harness.pipeline.judging.series import places_of
from harness.store.columns import ENDINGS, TaskColumns

MOST = 0.10  # share of a baseline's answers that may have no text to judge, or not the form that was asked for


class HasColumns(Protocol):
    """A run's results by task."""

    @property
    def results(self) -> Mapping[str, TaskColumns]: ...


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


def endings_notes(endings: Endings) -> list[str]:
    """A sentence for each task of each model whose samples did not all end with an answer."""
    return [
        f"{sum(counts.values()) - counts.get(Ending.ANSWERED, 0)} of {sum(counts.values())} answers of the {role} to "
        f"{task} are none: {worded(counts)}"
        for role, tasks in endings.items()
        for task, counts in tasks.items()
        if set(counts) - {Ending.ANSWERED}
    ]


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
