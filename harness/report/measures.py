"""Numbers of stored runs: what a metric is worth, and how two models differ on the samples that both were scored on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.runs import MetricInfo, TaskResult
from harness.report import classes
from harness.report.material import Recorded
from harness.stats import intervals, paired

Floats = NDArray[np.float64]


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
    """The scores that are there, by sample."""
    return {
        score.sample_id: score.value
        for score in result.scores
        if score.metric == metric and score.part == part and score.value is not None
    }


def estimate(info: MetricInfo, result: TaskResult, alpha: float) -> Estimate | Unestimable:
    """A metric over all samples of a task."""
    if info.aggregate == "macro_f1":
        return classes.macro_f1(result, groups_of(result, list(classes.classified(result))), alpha)
    scores = scores_of(result, info.name)
    if not scores:
        reasons = [score.reason for score in result.scores if score.metric == info.name and score.reason]
        return Unestimable(reasons[0] if reasons else "no sample has a score")
    return mean_of(scores, result, info.aggregate == "rate", alpha)


def mean_of(scores: Mapping[str, float], result: TaskResult, rate: bool, alpha: float) -> Estimate | Unestimable:
    """The mean of some samples' scores; without bounds where their spread is unknown."""
    if not scores:
        return Unestimable("no samples")
    values, groups = np.array(list(scores.values())), groups_of(result, list(scores))
    if rate and groups is None:
        return intervals.rate(round(float(values.sum())), len(values), alpha)
    found = intervals.mean(values, groups, alpha)
    if isinstance(found, Estimate):
        return found
    return Estimate(float(values.mean()), None, None, 1 - alpha, len(values), f"no interval: {found.reason}")


def compare(info: MetricInfo, ours: TaskResult, theirs: TaskResult, alpha: float) -> Comparison | Unestimable:
    """Candidate minus baseline on the samples that both have a score for."""
    if info.aggregate == "macro_f1":
        both = [sample for sample in classes.classified(ours) if sample in classes.classified(theirs)]
        return classes.macro_f1_difference(ours, theirs, both, groups_of(ours, both), alpha)
    mine, other = scores_of(ours, info.name), scores_of(theirs, info.name)
    ids = [sample for sample in mine if sample in other]
    if not ids:
        return Unestimable("no sample has a score from both models")
    a, b = np.array([mine[sample] for sample in ids]), np.array([other[sample] for sample in ids])
    sign = 1.0 if info.higher_is_better else -1.0
    low, high, method = _bounds(sign * a, sign * b, info.aggregate == "rate", groups_of(ours, ids), alpha)
    difference = sign * float(a.mean() - b.mean())
    return Comparison(float(a.mean()), float(b.mean()), difference, low, high, 1 - alpha, len(ids), method)


def _bounds(
    ours: Floats, theirs: Floats, rate: bool, groups: NDArray[np.int64] | None, alpha: float
) -> tuple[float | None, float | None, str]:
    """Bounds of the mean difference, and how they were made."""
    if rate and groups is None:
        # Where lower is better the scores come negated: 0 is right there, as 1 is here.
        half = 0.5 if max(ours.max(), theirs.max()) > 0 else -0.5
        table = paired.table_of(ours > half, theirs > half)
        return (*paired.tango(table, alpha), "Tango")
    found = intervals.mean(ours - theirs, groups, alpha)
    if isinstance(found, Unestimable):
        return None, None, f"no interval: {found.reason}"
    return found.low, found.high, found.method


def groups_of(result: TaskResult, ids: Collection[str]) -> NDArray[np.int64] | None:
    """The number of each sample's unit of independence; None where every sample stands for itself."""
    by_id = {sample.id: sample.group for sample in result.samples}
    if all(by_id.get(sample) is None for sample in ids):
        return None
    names = [repr((by_id.get(sample), None if by_id.get(sample) else sample)) for sample in ids]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
