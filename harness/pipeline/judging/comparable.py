"""Whether two runs ask the same; where they do not, every difference with both values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.core.ids import short
from harness.core.runs import MetricInfo
from harness.core.samples import Json
from harness.store.columns import TaskColumns, Texts

_PARTS = ("kind", "arguments", "prompt", "alternatives", "generation", "repeats", "target", "metrics", "examples")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """One metric of one task of a run, fit to be judged; `recipe` is what the task was made of (pipeline.recipe)."""

    result: TaskColumns
    info: MetricInfo
    digest: str | None
    recipe: Mapping[str, Json]


def of_task(recipe: Mapping[str, Json], task: str) -> Mapping[str, Json]:
    """One task's part of a run's recipe; empty where it was not kept."""
    tasks = recipe.get("tasks")
    found = tasks.get(task) if isinstance(tasks, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def recipe_differences(ours: Mapping[str, Json], theirs: Mapping[str, Json]) -> list[str]:
    """The parts of two tasks' recipes that differ, each with both values where they are short."""
    found = []
    for name in _PARTS:
        mine, its = (
            json.dumps(one.get(name), ensure_ascii=False, sort_keys=True, default=str) for one in (ours, theirs)
        )
        if mine != its:
            found.append(f"{name} {_shown(mine, _LONGEST)} and {_shown(its, _LONGEST)}")
    return found


def incomparable(ours: Asked, theirs: Asked) -> str:
    """Every way in which the two runs do not ask the same, with both values; "" where they do."""
    found = []
    mine, its = ours.result, theirs.result
    if mine.ids != its.ids:
        found.append(_other_samples(mine.ids, its.ids))
    else:
        found += [text for text in (_other("target", mine.targets, its.targets, mine.ids),
                                    _other("group", mine.groups, its.groups, mine.ids)) if text]  # fmt: skip
    if mine.repeats != its.repeats:
        found.append(f"each sample asked {mine.repeats} and {its.repeats} times")
    if ours.digest != theirs.digest:
        parts = recipe_differences(ours.recipe, theirs.recipe) if ours.recipe and theirs.recipe else []
        versions = f"versions {short(ours.digest or 'unknown')} and {short(theirs.digest or 'unknown')} of the task"
        found.append(f"{versions} ({', '.join(parts)})" if parts else versions)
    if ours.info != theirs.info:
        found.append(_otherwise_measured(ours.info, theirs.info))
    return ", ".join(found)


def _other_samples(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """Which samples only one side has, or that their order differs."""
    only = [[name for name in first if name not in second] for first, second in
            ((ours, frozenset(theirs)), (theirs, frozenset(ours)))]  # fmt: skip
    named = [
        f"{names[0]} of {len(names)} only {who}" for names, who in zip(only, ("here", "there"), strict=True) if names
    ]
    return f"other samples ({len(ours)} and {len(theirs)}; {', '.join(named) or 'in another order'})"


def _other(what: str, ours: Texts, theirs: Texts, ids: Sequence[str]) -> str:
    """The first sample on which two columns differ, and how many do; "" where none does."""
    if ours == theirs:
        return ""
    both = zip(ids, ours, theirs, strict=True)
    apart = [one for one in both if one[1] != one[2] and _value(one[1]) != _value(one[2])]
    if not apart:
        return ""
    name, mine, its = apart[0]
    return f"other {what}s ({len(apart)} samples; {name}: {_shown(mine)} and {_shown(its)})"


def _value(text: str | None) -> Json:
    """What a JSON text means; a text that is none, itself."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _shown(text: str | None, longest: int = 40) -> str:
    return "none" if text is None else text if len(text) <= longest else text[: longest - 1] + "…"


def _otherwise_measured(ours: MetricInfo, theirs: MetricInfo) -> str:
    if ours.version != theirs.version:
        return f"{ours.name} in versions {ours.version} and {theirs.version}"
    if ours.better != theirs.better:
        return f"{ours.name} with {ours.better} values as the better ones and with {theirs.better} ones"
    return f"other classes for {ours.name}" if ours.classes != theirs.classes else f"{ours.name} aggregated otherwise"
