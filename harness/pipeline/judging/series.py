"""Stored columns to series for the gates: no sample is left out, and what is missing counts against the candidate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import orjson
from numpy.typing import NDArray

from harness.core.directions import Better
from harness.core.policies import Subset
from harness.core.runs import MetricInfo
from harness.core.samples import Json
from harness.metrics.bleu import counts_of
from harness.stats.series import Floats, Ints, Series
from harness.store.columns import SCORED, TaskColumns, Texts

Mask = NDArray[np.bool_]


def series_of(columns: TaskColumns, info: MetricInfo, *, favour: bool, subset: Subset | None = None) -> Series:
    """One metric of one task, or of a part of it. What was not evaluated counts as the worst, or with `favour`
    as the best.

    The candidate is never favoured, a baseline always: so a lost request can't help to pass. The repeats of a sample
    are averaged; for F1, where a sample has no score of its own, they stay apart as one group.
    """
    places = places_of(columns, info, subset) if subset else range(len(columns.ids))
    found = columns if len(places) == len(columns.ids) else columns.take(places)
    field = subset.name if subset and subset.kind == "field" else ""
    if info.aggregate == "macro_f1":
        whole = _classified(found, info.classes, favour)
        if subset is None or subset.kind != "class":
            return whole
        return replace(whole, aggregate="f1", label=info.classes.index(subset.name))
    values, lost = scores_of(found, info, field), info.better.best if favour else info.better.worst
    known = np.where(np.isnan(values), lost, values).mean(axis=1)
    aggregate = info.parts or "mean" if field else info.aggregate
    return Series(
        "mean" if aggregate == "rate" and found.repeats > 1 else aggregate,
        known,
        _groups(found),
        counts=counts_of(found.scores, info.name, favour=favour) if aggregate == "bleu" else None,
        repeats=found.repeats,
        lost=int((~evaluated(found, info, field)).any(axis=1).sum()),
        better=info.better,
    )


def places_of(columns: TaskColumns, info: MetricInfo, subset: Subset) -> Sequence[int]:
    """The places of the samples that belong to a part. Of macro-F1 every sample belongs to each class."""
    if subset.kind == "slice":
        found = parsed(columns.slices)
        return [
            i for i, given in enumerate(found) if isinstance(given, dict) and given.get(subset.name) == subset.value
        ]
    if subset.kind == "class" and info.aggregate == "macro_f1":
        return range(len(columns.ids))
    targets = parsed(columns.targets)
    if subset.kind == "field":
        return [i for i, target in enumerate(targets) if isinstance(target, dict) and subset.name in target]
    return [i for i, target in enumerate(targets) if str(target) == subset.name]


def parsed(texts: Texts) -> Iterable[Json]:
    """What JSON texts mean, each text read once."""
    known: dict[str | None, Json] = {None: None}
    for text in texts:
        if text not in known:
            known[text] = orjson.loads(str(text))
        yield known[text]


def evaluated(columns: TaskColumns, info: MetricInfo, field: str = "") -> Mask:
    """Whether there is something to judge each repeat of each sample by (samples, repeats).

    That is an answer, and a score where the metric gives one.
    """
    if info.aggregate == "macro_f1":
        return ~columns.lost
    found: Mask = ~columns.lost & ~np.isnan(scores_of(columns, info, field))
    return found


def scores_of(columns: TaskColumns, info: MetricInfo, field: str = "") -> Floats:
    """The scores of a metric (samples, repeats), NaN where there is none."""
    none = np.full(columns.outcomes.shape, np.nan)
    return columns.scores.get((info.name, field), none)


def latency_series(columns: TaskColumns, q: float) -> Series:
    """Seconds of every output; a request that failed, or whose time is not known, took for ever."""
    return Series("quantile", columns.latencies.ravel(), q=q, better=Better.LOWER)


def error_series(columns: TaskColumns) -> Series:
    """1 for each request that the infrastructure lost, else 0."""
    return Series("rate", columns.lost.ravel().astype(np.float64), better=Better.LOWER)


def _groups(columns: TaskColumns) -> Ints | None:
    """Cluster numbers, where at least two samples share a group."""
    if len({*columns.ids}) == len(columns.ids) and not any(group is not None for group in columns.groups):
        return None
    named = zip(columns.groups, columns.ids, strict=True)
    numbers: dict[str, int] = {}
    found = [
        numbers.setdefault(f"\0{name}" if group is None else group, len(numbers)) for group, name in named
    ]  # fmt: skip
    return np.array(found, dtype=np.int64) if len(numbers) < len(found) else None


def _classified(columns: TaskColumns, classes: tuple[str, ...], favour: bool) -> Series:
    """Targets and answers as class numbers, every repeat in a place of its own."""
    number, repeats = {name: position for position, name in enumerate(classes)}, columns.repeats
    read = {text: number.get(str(json.loads(text)), -1) for text in {*columns.answers} if text is not None}
    meant = {text: number[str(json.loads(text))] for text in {*columns.targets} if text is not None}
    targets = np.repeat(np.array([meant[str(text)] for text in columns.targets], dtype=np.int64), repeats)
    given = np.array([-1 if text is None else read[text] for text in columns.answers], dtype=np.int64)
    answers = np.where(columns.outcomes.ravel() == SCORED, given, -1)
    lost = columns.lost
    if favour:
        answers = np.where(lost.ravel(), targets, answers)
    groups = _groups(columns)
    if repeats > 1:
        alone = np.arange(len(columns.ids), dtype=np.int64)
        groups = np.repeat(alone if groups is None else groups, repeats)
    right = (targets == answers).astype(np.float64)
    gone = int(lost.any(axis=1).sum())
    return Series("macro_f1", right, groups, targets, answers, len(classes), repeats=repeats, lost=gone)
