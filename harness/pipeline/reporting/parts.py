"""A metric on parts of a task: the fields of extracted records, slices, and whatever samples somebody picks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import orjson

from harness.core.estimates import Unestimable
from harness.core.policies import Subset
from harness.core.runs import MetricInfo
from harness.pipeline.judging.comparable import Asked
from harness.pipeline.judging.series import Mask, evaluated, parsed, scores_of
from harness.pipeline.reporting.metrics import Found, asked_of, estimate, problem_between, roles_of, series
from harness.pipeline.reporting.task import StoredTask
from harness.report.material import CANDIDATE
from harness.report.numbers import Own, PartNumbers
from harness.stats.series import Ints, Series, Settings
from harness.store.columns import TaskColumns, Texts


@dataclass(frozen=True, slots=True)
class Worth:
    """One model's scores on a task: `known` are the samples with a score in some repeat."""

    series: Series
    known: Mask


Worths = Mapping[str, Worth | Unestimable]


def worths(task: StoredTask, info: MetricInfo) -> Worths:
    """A rate or a mean sample by sample, by role; the reason where a model can't be held against the candidate."""
    sides = {role: asked_of(task, role, info) for role in roles_of(task)}
    return {role: _worth(sides[CANDIDATE], side, role) for role, side in sides.items()}


def part(
    task: StoredTask, metric: str, by_role: Worths, kind: str, name: str, at: Ints, column: str = ""
) -> PartNumbers:
    """A metric on the samples at the places `at`, by role.

    A mean's bounds are those of t alone: there may be hundreds of parts, and no verdict rests on these.
    """
    own = {role: _on(worth, at, task.settings) for role, worth in by_role.items()}
    return PartNumbers(kind, name, len(at), metric, own, column)


def slice_parts(task: StoredTask, found: Found) -> tuple[PartNumbers, ...]:
    """The main metric on each slice, by column and value."""
    main, places = task.main, slice_places(task.ours.slices)
    if main is None or not places:
        return ()
    by_role = worths(task, main)
    parts = (
        (Subset("slice", column, value), part(task, main.name, by_role, "slice", value, at, column))
        for (column, value), at in places.items()
    )
    return tuple(_as_gated(task, one, subset, found) for subset, one in parts)


def field_parts(task: StoredTask, found: Found) -> tuple[PartNumbers, ...]:
    """Each field of the targets, in their order, by every metric with a score for it; the parts of BLEU are counts."""
    scored = task.ours.scores
    metrics = [info for info in task.infos if info.aggregate in ("rate", "mean")]
    metrics = [info for info in metrics if any(metric == info.name and name for metric, name in scored)]
    places = field_places(task.ours.targets) if metrics else {}
    parts = []
    for info in metrics:
        whole = worths(task, info)
        for name in (name for name in places if (info.name, name) in scored):
            by_role = {role: _of_field(task, role, worth, info, name) for role, worth in whole.items()}
            one = part(task, info.name, by_role, "field", name, places[name])
            parts.append(_as_gated(task, one, Subset("field", name), found))
    return tuple(parts)


def slice_places(slices: Texts) -> dict[tuple[str, str], Ints]:
    """The places of the samples of each slice, by column and value in order."""
    texts, kinds = np.unique([text or "{}" for text in slices], return_inverse=True)
    found: dict[tuple[str, str], list[int]] = {}
    for kind, text in enumerate(texts.tolist()):
        for name in orjson.loads(text).items():
            found.setdefault(name, []).append(kind)
    return {name: np.flatnonzero(np.isin(kinds, found[name])) for name in sorted(found)}


def field_places(targets: Texts) -> dict[str, Ints]:
    """The places of the samples whose target has a field, by field."""
    found: dict[str, list[int]] = {}
    for place, target in enumerate(parsed(targets)):
        for name in target if isinstance(target, dict) else ():
            found.setdefault(name, []).append(place)
    return {name: np.array(places, dtype=np.int64) for name, places in found.items()}


def at_places(whole: Series, at: Ints) -> Series:
    """A rate or a mean on some samples; groups that have one sample each there are none."""
    groups = None if whole.groups is None else whole.groups[at]
    grouped = groups is not None and len(np.unique(groups)) < len(groups)
    return replace(whole, values=whole.values[at], groups=groups if grouped else None)


def _worth(ours: Asked | Unestimable, side: Asked | Unestimable, role: str) -> Worth | Unestimable:
    """`side` place by place beside the candidate: parts are told by places in the candidate's samples."""
    if isinstance(side, Unestimable):
        return side
    if isinstance(ours, Unestimable):
        return ours
    problem = "" if role == CANDIDATE else problem_between(ours, side, role)
    return Unestimable(problem) if problem else Worth(series(side, role), _known(side.result, side.info))


def _of_field(
    task: StoredTask, role: str, worth: Worth | Unestimable, info: MetricInfo, name: str
) -> Worth | Unestimable:
    """One field's scores in the place of the whole record's."""
    if isinstance(worth, Unestimable):
        return worth
    columns, lost = task.columns[role], info.better.worst if role == CANDIDATE else info.better.best
    scores = scores_of(columns, info, name)
    values = np.where(np.isnan(scores), lost, scores).mean(axis=1)
    aggregate = "mean" if info.parts == "rate" and columns.repeats > 1 else info.parts or "mean"
    return Worth(replace(worth.series, aggregate=aggregate, values=values), _known(columns, info, name))


def _known(columns: TaskColumns, info: MetricInfo, name: str = "") -> Mask:
    known: Mask = np.any(evaluated(columns, info, name), axis=1)
    return known


def _on(worth: Worth | Unestimable, at: Ints, settings: Settings) -> Own:
    if isinstance(worth, Unestimable):
        return worth
    if not worth.known[at].any():
        return Unestimable("none of its samples was evaluated" if len(at) else "no samples", len(at))
    return estimate(at_places(worth.series, at), settings, drawn=False)


def _as_gated(task: StoredTask, one: PartNumbers, subset: Subset, found: Found) -> PartNumbers:
    """The part with the candidate's number that a gate found already, where one did."""
    gated = found.own.get(f"{task.prefix}.{one.metric}[{subset}]")
    return replace(one, own={**one.own, CANDIDATE: gated}) if gated else one
