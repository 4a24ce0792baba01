"""Numbers of stored runs: what a metric came to, and how two models differ on the same samples."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.releases import Policy
from harness.core.runs import MetricInfo, TaskResult
from harness.metrics.bleu import counts_of
from harness.report.classes import classes_of, classified
from harness.report.material import Recorded
from harness.stats.analysis import absolute, difference
from harness.stats.series import Ints, Pair, Series, Settings

# Only the resampling of macro-F1 needs them; where a gate has evidence of its own, that is shown instead.
_DEFAULTS = Policy(gates=())


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric of a task, by the name that gates use."""

    name: str
    suite: str
    task: str
    info: MetricInfo


def measures(runs: Mapping[str, Recorded]) -> tuple[Measure, ...]:
    """Every metric that these runs have scores for, in the order of the suites."""
    found = []
    for suite, (run, _) in runs.items():
        for task, infos in run.metrics.items():
            prefix = suite if len(run.metrics) == 1 else f"{suite}.{task}"
            found += [Measure(f"{prefix}.{info.name}", suite, task, info) for info in infos]
    return tuple(found)


def main_metric(infos: Collection[MetricInfo]) -> MetricInfo | None:
    """The metric that tells a right answer from a wrong one, sample by sample: a rate before a mean."""
    rank = {"rate": 0, "mean": 1}
    telling = [info for info in infos if info.aggregate in rank and info.name != "format"]
    return min(telling, key=lambda info: rank[info.aggregate], default=None)


def scores_of(result: TaskResult, metric: str, part: str = "") -> dict[str, float]:
    """The scores that are there, by sample; the mean where it has several, of its repeats."""
    found: dict[str, list[float]] = {}
    for score in result.scores:
        if score.metric == metric and score.part == part and score.value is not None:
            found.setdefault(score.sample_id, []).append(score.value)
    return {sample: sum(values) / len(values) for sample, values in found.items()}


def estimate(info: MetricInfo, result: TaskResult, alpha: float) -> Estimate | Unestimable:
    """A metric over all samples of a task."""
    ids = _ids(info, result)
    if not ids:
        reasons = [score.reason for score in result.scores if score.metric == info.name and score.reason]
        return Unestimable(reasons[0] if reasons else "no sample has a score")
    return _absolute(_series(info, result, ids, _labels(info, result)), alpha)


def mean_of(scores: Mapping[str, float], result: TaskResult, aggregate: str, alpha: float) -> Estimate | Unestimable:
    """The mean of some samples' scores."""
    return _absolute(Series(aggregate, np.array(list(scores.values())), _groups(result, list(scores))), alpha)


def compare(info: MetricInfo, ours: TaskResult, theirs: TaskResult, alpha: float) -> Comparison | Unestimable:
    """Candidate minus baseline on the samples that both have a score for."""
    other = set(_ids(info, theirs))
    ids = [sample for sample in _ids(info, ours) if sample in other]
    if not ids:
        return Unestimable("no sample has a score from both models")
    labels = _labels(info, ours, theirs)
    pair = Pair(_series(info, ours, ids, labels), _series(info, theirs, ids, labels))
    found = difference(pair, _settings(alpha)).evidence
    return Unestimable("nothing to compare") if isinstance(found, Estimate) else found


def _absolute(series: Series, alpha: float) -> Estimate | Unestimable:
    """As the gates do it; where only the spread is unknown, the value without an interval."""
    found = absolute(series, _settings(alpha)).evidence
    if isinstance(found, Unestimable) and series.n and series.aggregate in ("rate", "mean"):
        method = f"no interval: {found.reason}"
        return Estimate(float(series.values.mean()), None, None, 1 - alpha, series.n, method)
    return Unestimable("nothing to estimate") if isinstance(found, Comparison) else found


def _settings(alpha: float) -> Settings:
    return Settings(alpha, _DEFAULTS.resamples, _DEFAULTS.seed, _DEFAULTS.min_samples)


def _ids(info: MetricInfo, result: TaskResult) -> list[str]:
    """The samples that count for a metric."""
    return list(classified(result) if info.aggregate == "macro_f1" else scores_of(result, info.name))


def _labels(info: MetricInfo, *results: TaskResult) -> tuple[str, ...]:
    """The task's own labels, and any other that occurs."""
    return tuple(dict.fromkeys([*info.classes, *classes_of(*results)]))


def _series(info: MetricInfo, result: TaskResult, ids: Sequence[str], labels: Sequence[str]) -> Series:
    groups = _groups(result, ids)
    if info.aggregate != "macro_f1":
        scores = scores_of(result, info.name)
        counts = (
            counts_of(_arrays(result, info.name, ids), info.name, favour=False) if info.aggregate == "bleu" else None
        )
        aggregate = "mean" if info.aggregate == "rate" and result.repeats > 1 else info.aggregate
        return Series(aggregate, np.array([scores[sample] for sample in ids]), groups, counts=counts)
    codes: dict[str | None, int] = {name: code for code, name in enumerate(labels)}
    pairs = classified(result)
    targets = np.array([codes[pairs[sample][0]] for sample in ids], dtype=np.int64)
    answers = np.array([codes.get(pairs[sample][1], -1) for sample in ids], dtype=np.int64)
    right = (targets == answers).astype(np.float64)
    return Series("macro_f1", right, groups, targets, answers, len(labels))


def _arrays(result: TaskResult, metric: str, ids: Sequence[str]) -> dict[tuple[str, str], NDArray[np.float64]]:
    """A metric's scores by part, each (samples, repeats); NaN where there is none."""
    place = {name: number for number, name in enumerate(ids)}
    found: dict[tuple[str, str], NDArray[np.float64]] = {}
    for score in result.scores:
        if score.metric == metric and score.sample_id in place and score.value is not None:
            empty = np.full((len(ids), result.repeats), np.nan)
            found.setdefault((metric, score.part), empty)[place[score.sample_id], score.repeat] = score.value
    return found


def _groups(result: TaskResult, ids: Collection[str]) -> Ints | None:
    """The number of each sample's unit of independence; None where every sample stands for itself."""
    by_id = {sample.id: sample.group for sample in result.samples}
    if all(by_id.get(sample) is None for sample in ids):
        return None
    names = [repr((by_id.get(sample), None if by_id.get(sample) else sample)) for sample in ids]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
