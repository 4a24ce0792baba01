"""One task of two runs that ask the same: what changed, by metric, by confusion, by part and by sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.core.estimates import Comparison
from harness.pipeline.comparing.classes import confusions
from harness.pipeline.comparing.parts import parts
from harness.pipeline.comparing.samples import AskedPair, by_sample, changes, evaluated_on_both, series_pair
from harness.report.comparing.fallen import fallen
from harness.report.comparing.view import Fallen, MetricDifference, TaskComparison
from harness.stats.analysis import difference
from harness.stats.series import Pair, Series, Settings
from harness.store.picked import picked

if TYPE_CHECKING:
    import duckdb


def compare_task(
    connection: duckdb.DuckDBPyConnection, name: str, pairs: Sequence[AskedPair], runs: tuple[str, str],
    settings: Settings, worst: int,
) -> TaskComparison:  # fmt: skip
    """`pairs` are the metrics that both have; `runs` the ids of both; `worst` how many samples are shown."""
    ours, theirs = (one.result for one in pairs[0])
    by = _telling(pairs)
    by_name = {pair.ours.info.name: pair for pair in (*pairs, by) if pair.ours.info.aggregate in ("rate", "mean")}
    classes = next((pair.ours.info.classes for pair in pairs if pair.ours.info.classes), ())
    return TaskComparison(
        name,
        len(ours.ids),
        tuple(_metric(pair, settings) for pair in pairs),
        by.ours.info.name,
        tuple(_worst(connection, by, runs, worst)),
        confusions(ours, theirs, classes) if classes else None,
        tuple(part for pair in {**by_name, by.ours.info.name: by}.values() for part in parts(pair)),
    )


def _telling(pairs: Sequence[AskedPair]) -> AskedPair:
    """The metric that tells a right answer from a wrong one: a rate before a mean, the form of an answer last."""
    rank = {"rate": 0, "mean": 1}
    return min(pairs, key=lambda pair: (pair.ours.info.name == "format", rank.get(pair.ours.info.aggregate, 2)))


def _metric(pair: AskedPair, settings: Settings) -> MetricDifference:
    """A metric on both sides with its interval, and which samples changed."""
    ours, theirs = series_pair(pair)
    evidence = difference(Pair(ours, theirs), settings).evidence
    info, ids, known, change = pair.ours.info, pair.ours.result.ids, evaluated_on_both(pair), changes(pair)
    order = [int(place) for place in np.argsort(-np.abs(change), kind="stable") if change[place]]
    return MetricDifference(
        info.name,
        info.aggregate,
        evidence,
        _values(ours, theirs, evidence),
        worse=tuple(ids[place] for place in order if change[place] < 0),
        better=tuple(ids[place] for place in order if change[place] > 0),
        same=int(known.sum()) - len(order),
        lost=(ours.lost, theirs.lost),
        better_values=info.better,
    )


def _values(ours: Series, theirs: Series, evidence: object) -> tuple[float, float] | None:
    """Both sides' own numbers; a mean is known where its spread is not."""
    if isinstance(evidence, Comparison):
        return evidence.candidate, evidence.baseline
    known = ours.aggregate in ("rate", "mean") and ours.n > 0
    return (float(ours.values.mean()), float(theirs.values.mean())) if known else None


def _worst(connection: duckdb.DuckDBPyConnection, pair: AskedPair, runs: tuple[str, str], most: int) -> list[Fallen]:
    """The samples whose score got worse most, with what both sides gave."""
    change, (ours, theirs) = changes(pair), by_sample(pair)
    places = [int(place) for place in np.argsort(change, kind="stable")[:most] if change[place] < 0]
    ids = [pair.ours.result.ids[place] for place in places]
    mine, its = (picked(connection, run, pair.ours.result.task, ids) for run in runs)
    scores = [(float(ours[place]), float(theirs[place])) for place in places]
    return [fallen(name, mine, its, both) for name, both in zip(ids, scores, strict=True)]
