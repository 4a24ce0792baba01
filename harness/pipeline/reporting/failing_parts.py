"""The main metric by class, field, slice, length of the input and language, the worst part first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import orjson

from harness.core.directions import Better
from harness.core.estimates import Estimate
from harness.core.runs import MetricInfo
from harness.pipeline.reporting.languages import LEAST, all_english, languages_of
from harness.pipeline.reporting.parts import part, worths
from harness.pipeline.reporting.task import StoredTask
from harness.report.material import CANDIDATE
from harness.report.numbers import PartNumbers, TaskNumbers
from harness.stats.series import Ints
from harness.store.columns import Texts

_LANGUAGE = ("language", "lang")


def failing_parts(
    task: StoredTask, info: MetricInfo, numbers: TaskNumbers, lengths: Ints, texts: Mapping[int, str]
) -> tuple[PartNumbers, ...]:
    """`lengths` are of all inputs; `texts` are some inputs by place, to tell languages by where no slice does.

    First stands the part whose metric is bad for sure: the one whose bound on the good side is the worst.
    """
    known = [_as_language(one) for one in (*numbers.fields, *numbers.slices) if one.metric == info.name]
    places = [*_classes(task), *_stretches(lengths)]
    if not any(one.kind == "language" for one in known):
        places += _languages(texts)
    by_role, every = worths(task, info), len(task.ours.ids)
    found = [part(task, info.name, by_role, kind, name, at) for kind, name, at in places if 0 < len(at) < every]
    return tuple(sorted((*known, *found), key=lambda one: _rank(one, info.better)))


def _as_language(one: PartNumbers) -> PartNumbers:
    """A slice that declares the language."""
    declared = one.kind == "slice" and one.column in _LANGUAGE
    return replace(one, kind="language", column="") if declared else one


def _rank(one: PartNumbers, better: Better) -> tuple[float, float]:
    ours = one.own.get(CANDIDATE)
    if not isinstance(ours, Estimate):
        return 2.0, 0.0
    good_end = ours.high if better is Better.HIGHER else ours.low
    return 1.0 if good_end is None else better.goodness(good_end), better.goodness(ours.value)


def _classes(task: StoredTask) -> Iterator[tuple[str, str, Ints]]:
    classes = next((info.classes for info in task.infos if info.classes), ())
    targets = _named(task.ours.targets) if classes else np.array([])
    for name in classes:
        yield "class", name, np.flatnonzero(targets == name)


def _named(targets: Texts) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Targets as the names of their classes."""
    names = {text: str(orjson.loads(text)) for text in {*targets} if text is not None}
    return np.array([names.get(str(text), "") for text in targets], dtype=object)


def _stretches(lengths: Ints) -> Iterator[tuple[str, str, Ints]]:
    """Four stretches of as many inputs each; fewer where many are of one length."""
    edges = np.unique(np.quantile(lengths, (0.25, 0.5, 0.75), method="inverted_cdf"))
    stretch = np.searchsorted(edges, lengths)
    for number in range(len(edges) + 1):
        at = np.flatnonzero(stretch == number)
        if len(at):
            first, last = int(lengths[at].min()), int(lengths[at].max())
            span = f"{first:,}" if first == last else f"{first:,} to {last:,}"
            yield "length", f"{span} characters", at


def _languages(texts: Mapping[int, str]) -> Iterator[tuple[str, str, Ints]]:
    """By the language that the texts are in, of the texts that were read."""
    if len(texts) < 2 * LEAST or all_english(tuple(texts.values())):
        return
    places, told = np.array(list(texts), dtype=np.int64), np.array(languages_of(tuple(texts.values())), dtype=object)
    names = sorted({*told})
    for name in names if len(names) > 1 else ():
        yield "language", name, places[told == name]
