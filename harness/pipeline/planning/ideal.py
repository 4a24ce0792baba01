"""The best evidence that a gate could meet on the samples at hand: what does not pass on it can't pass at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.core.directions import Better
from harness.core.metric_refs import COST, LATENCY, MEASURED, metric_refs
from harness.core.policies import Gate, Subset
from harness.core.releases import Release
from harness.core.runs import MetricInfo
from harness.core.samples import Sample
from harness.core.suites import Task
from harness.gates.interface import Evidence, Rule
from harness.pipeline.running.answers import metric_infos

if TYPE_CHECKING:  # NumPy comes with these, and a release is checked without them first
    from harness.stats.series import Ints, Series, Settings

SINGLE = ("rate", "mean")  # aggregates whose samples can be made up one by one


def is_unknown(gate: Gate, release: Release, known: Mapping[tuple[str, str], int]) -> bool:
    """Whether the gate's samples come from lm-eval and were never asked. `known` counts those that were."""
    ref = metric_refs(release.suites).get(gate.metric)
    return ref is not None and (ref.suite, ref.task) not in known and _task(release, ref.suite, ref.task).prompt is None


def best_series(gate: Gate, release: Release, known: Mapping[tuple[str, str], int]) -> Series:
    """The gate's samples, every one of them as good as can be."""
    import numpy as np

    from harness.stats.series import Series

    if gate.metric == COST:
        requests = release.measure.requests if release.measure else 0
        groups = np.arange(requests) % max(1, _sent(release, requests))
        return Series("cost", np.ones(requests), groups, better=Better.LOWER)
    if gate.metric.split(".")[0] in MEASURED:
        none = np.zeros(release.measure.requests if release.measure else 0)
        aggregate, q = ("quantile", LATENCY[gate.metric]) if gate.metric in LATENCY else ("rate", 0.0)
        return Series(aggregate, none, q=q, better=Better.LOWER)
    ref = metric_refs(release.suites)[gate.metric]
    task = _task(release, ref.suite, ref.task)
    info = next(info for info in metric_infos(task) if info.name == ref.metric)
    samples = _part(task.samples, info, gate.subset)
    if info.aggregate == "macro_f1" and task.prompt:
        return _classified(samples, info, gate.subset, task.repeats)
    aggregate = info.parts or "mean" if gate.subset and gate.subset.kind == "field" else info.aggregate
    aggregate = "mean" if aggregate == "rate" and task.repeats > 1 else aggregate
    count = len(samples) if task.prompt else known.get((ref.suite, ref.task), 0)
    values = np.full(count, info.better.best)
    return Series(aggregate, values, _groups(samples), repeats=task.repeats, better=info.better)


def _sent(release: Release, requests: int) -> int:
    """How many different samples the requests of the measured phase are of: the suites' tasks take turns."""
    wanted = release.measure.suites if release.measure else ()
    pools = [
        len(task.samples)
        for suite in release.suites
        for task in suite.tasks
        if task.prompt and (not wanted or suite.name in wanted)
    ]
    return sum(min(size, -(-requests // len(pools))) for size in pools)


def _part(samples: Iterable[Sample], info: MetricInfo, subset: Subset | None) -> list[Sample]:
    """The samples that a gate looks at. Of macro-F1 every sample belongs to each class."""
    match subset.kind if subset else "":
        case "slice":
            assert subset is not None
            return [sample for sample in samples if sample.slices.get(subset.name) == subset.value]
        case "field":
            assert subset is not None
            return [sample for sample in samples if isinstance(sample.target, dict) and subset.name in sample.target]
        case "class" if info.aggregate != "macro_f1":
            assert subset is not None
            return [sample for sample in samples if str(sample.target) == subset.name]
        case _:
            return list(samples)


def _groups(samples: list[Sample]) -> Ints | None:
    """Cluster numbers, where at least two samples share a group."""
    import numpy as np

    names = [f"\0{sample.id}" if sample.group is None else sample.group for sample in samples]
    found, numbers = np.unique(names, return_inverse=True)
    return numbers.astype(np.int64) if len(found) < len(names) else None


def _classified(samples: list[Sample], info: MetricInfo, subset: Subset | None, repeats: int) -> Series:
    import numpy as np

    from harness.stats.series import Series

    number = {name: position for position, name in enumerate(info.classes)}
    targets = np.repeat(np.array([number[str(sample.target)] for sample in samples], dtype=np.int64), repeats)
    groups = _groups(samples)
    if repeats > 1:
        groups = np.repeat(np.arange(len(samples)) if groups is None else groups, repeats)
    one = subset is not None and subset.kind == "class"
    label = number[subset.name] if subset and one else -1
    return Series(
        "f1" if one else "macro_f1", np.ones(len(targets)), groups, targets, targets, len(number), repeats=repeats,
        label=label,
    )  # fmt: skip


def passes(rule: Rule, gate: Gate, best: Series, settings: Settings) -> bool:
    """Whether the gate passes on the best result there is. BLEU and costs have none to make up: enough samples do."""
    import numpy as np

    from harness.stats.series import weakness

    if best.aggregate in ("bleu", "cost"):
        return weakness(best, settings) is None
    if not rule.compares:
        return rule.find(Evidence(best), settings).passes
    if gate.rule == "margin":
        return rule.find(Evidence(best, best), settings).passes
    wrong = None if best.answers is None else np.full_like(best.answers, -1)
    worst = replace(best, values=np.full(best.n, best.better.worst), answers=wrong)
    return rule.find(Evidence(best, worst), settings).passes


def least_samples(rule: Rule, gate: Gate, best: Series, settings: Settings) -> int | None:
    """Fewest samples at which the best result passes, in groups as large as those at hand."""
    from harness.stats.power import MOST

    needed = rule.needed(best, settings) or 1
    if best.aggregate not in SINGLE or passes(rule, gate, _sized(best, needed), settings):
        return needed
    low, high = needed, 2 * needed
    while not passes(rule, gate, _sized(best, high), settings):
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        enough = passes(rule, gate, _sized(best, middle), settings)
        low, high = (low, middle) if enough else (middle, high)
    return high


def _sized(best: Series, n: int) -> Series:
    import numpy as np

    values = np.full(n, best.better.best)
    if best.groups is None:
        return replace(best, values=values)
    size = max(1, round(best.n / len(np.unique(best.groups))))
    return replace(best, values=values, groups=np.arange(n) // size)


def _task(release: Release, suite: str, task: str) -> Task:
    return next(t for s in release.suites if s.name == suite for t in s.tasks if t.name == task)
