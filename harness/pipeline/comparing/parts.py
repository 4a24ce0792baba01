"""A metric on each part of a task, on both sides: classes, fields and slices."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from harness.core.policies import Subset
from harness.core.runs import MetricInfo
from harness.pipeline.comparing.samples import AskedPair, by_sample, series_pair
from harness.pipeline.judging.series import places_of, series_of
from harness.report.comparing.view import PartDifference
from harness.stats import special
from harness.stats.intervals import standard_error
from harness.stats.paired import mcnemar_mid_p, table_of
from harness.stats.series import Floats, Ints
from harness.store.columns import TaskColumns

_NO_CHANGE = 1e-12


def parts(pair: AskedPair) -> list[PartDifference]:
    """A metric on each class, field and slice of a task; a part that is the whole task is none."""
    columns, info = pair.ours.result, pair.ours.info
    (ours, theirs), groups = by_sample(pair), series_pair(pair)[0].groups
    groups = None if groups is None else groups[:: len(groups) // len(columns.ids)]
    places = [*_classes(columns, info), *_slices(columns)]
    found = [
        _part(info, str(part), ours[at], theirs[at], None if groups is None else groups[at])
        for part, at in places
        if 0 < len(at) < len(columns.ids)
    ]
    parted = info.aggregate in ("rate", "mean")  # the parts of BLEU are counts
    names = [part for metric, part in columns.scores if parted and metric == info.name and part]
    fields = [subset for subset in (Subset("field", name) for name in names) if places_of(columns, info, subset)]
    return found + [_field(pair, subset) for subset in fields]


def _classes(columns: TaskColumns, info: MetricInfo) -> Iterator[tuple[Subset, Ints]]:
    if info.classes and info.name != "format":
        targets = np.array([None if text is None else str(json.loads(text)) for text in columns.targets], dtype=object)
        for name in info.classes:
            yield Subset("class", name), np.flatnonzero(targets == name)


def _slices(columns: TaskColumns) -> list[tuple[Subset, Ints]]:
    found: dict[tuple[str, str], list[int]] = {}
    for place, text in enumerate(columns.slices):
        for column, value in json.loads(text or "{}").items():
            found.setdefault((column, value), []).append(place)
    return [(Subset("slice", *name), np.array(found[name], dtype=np.int64)) for name in sorted(found)]


def _field(pair: AskedPair, subset: Subset) -> PartDifference:
    ours, theirs = (
        series_of(one.result, one.info, favour=favour, subset=subset)
        for one, favour in zip(pair, (False, True), strict=True)
    )
    return _part(pair.ours.info, str(subset), ours.values, theirs.values, ours.groups)


def _part(info: MetricInfo, part: str, ours: Floats, theirs: Floats, groups: Ints | None) -> PartDifference:
    alone = groups is None or len(np.unique(groups)) == len(groups)
    p, values = _p(ours, theirs, None if alone else groups), (float(ours.mean()), float(theirs.mean()))
    return PartDifference(info.name, part, len(ours), values, p, better_values=info.better)


def _p(ours: Floats, theirs: Floats, groups: Ints | None) -> float | None:
    """Two-sided p of "this part differs": McNemar's mid-p, or a paired t test, clustered where samples share groups."""
    if groups is None and np.isin((ours, theirs), (0.0, 1.0)).all():
        return mcnemar_mid_p(table_of(ours > 0.5, theirs > 0.5))
    change = ours - theirs
    if len(change) < 2 or (groups is not None and len(np.unique(groups)) < 2):
        return None
    error, freedom = standard_error(change, groups)
    if error <= _NO_CHANGE:
        return 1.0 if np.abs(change).max() <= _NO_CHANGE else None
    return 2 * float(special.stdtr(freedom, -abs(float(change.mean())) / error))
