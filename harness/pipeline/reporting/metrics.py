"""What the metrics of a task came to: each model's own number, and the candidate against each baseline.

What a gate found stands here as the gate found it, and the rest is found as gates find it: a page must not show two
intervals for one thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from harness.core.decisions import Decision, Finding
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.metric_refs import MetricRef
from harness.core.runs import MetricInfo
from harness.pipeline.judging.comparable import Asked, incomparable
from harness.pipeline.judging.evidence import asked_by
from harness.pipeline.judging.series import series_of
from harness.pipeline.reporting.task import StoredTask
from harness.report import words
from harness.report.material import CANDIDATE
from harness.report.numbers import Difference, MetricNumbers, Own
from harness.stats.analysis import absolute, difference
from harness.stats.intervals import mean
from harness.stats.series import Pair, Series, Settings

# Of a large task, what no gate asked for is drawn less often.
_MOST_DRAWS, _LEAST_RESAMPLES = 10_000_000, 499


@dataclass(frozen=True, slots=True)
class Found:
    """What the gates of a decision found, by the gates' `what`: `own` of the candidate, `against` with the baseline."""

    own: Mapping[str, Estimate]
    against: Mapping[tuple[str, str], Comparison]


def found_by_gates(decision: Decision) -> Found:
    """The evidence of all gates; what counts wins or failures is no value of the metric."""
    own, against = {}, {}
    for result in decision.results:
        gate, evidence = result.gate, result.finding.evidence
        if isinstance(evidence, Comparison):
            against[gate.what, gate.against or ""] = evidence
        elif isinstance(evidence, Estimate) and gate.against is None and not words.counted(gate):
            own[gate.what] = evidence
    return Found(own, against)


def metric_numbers(task: StoredTask, found: Found) -> tuple[MetricNumbers, ...]:
    """Every metric of a task, in the order in which the suite names them."""
    return tuple(_metric(task, info, found) for info in task.infos)


def _metric(task: StoredTask, info: MetricInfo, found: Found) -> MetricNumbers:
    name = f"{task.prefix}.{info.name}"
    sides = {role: asked_of(task, role, info) for role in roles_of(task)}
    own = {role: _own(role, side, name, task, found) for role, side in sides.items()}
    against = {
        role: found.against.get((name, role)) or _difference(sides[CANDIDATE], side, role, task.settings)
        for role, side in sides.items()
        if role != CANDIDATE
    }
    return MetricNumbers(name, info, own, against)


def roles_of(task: StoredTask) -> tuple[str, ...]:
    """The candidate, then every baseline of the decision, also one that was not asked this task."""
    return (CANDIDATE, *(role for role in task.material if role != CANDIDATE))


def asked_of(task: StoredTask, role: str, info: MetricInfo) -> Asked | Unestimable:
    """What a model's run has on a metric; the reason where a gate would take it for no evidence."""
    found = asked_by(task.material, role, MetricRef(task.suite, task.name, info.name), task.policy)
    return Unestimable(found.reason) if isinstance(found, Finding) else found


def series(side: Asked, role: str) -> Series:
    """A metric sample by sample: what was not evaluated is wrong for the candidate, and right for a baseline."""
    return series_of(side.result, side.info, favour=role != CANDIDATE)


def problem_between(ours: Asked, theirs: Asked, role: str) -> str:
    """Why a baseline can't be held against the candidate; "" where it can."""
    found = incomparable(ours, theirs)
    return f"candidate and {role} can't be compared: {found}" if found else ""


def estimate(of: Series, settings: Settings, *, drawn: bool = True) -> Own:
    """As the gates do it; where only the spread is unknown, the value without an interval.

    Without `drawn` the bounds of a mean are not checked by drawing samples again.
    """
    plain = of.aggregate == "mean" and not drawn and not settings.anytime
    found = mean(of.values, of.groups, settings.alpha) if plain else absolute(of, _within(of, settings)).evidence
    assert not isinstance(found, Comparison)
    known = of.aggregate in ("rate", "mean") and of.n > 0 and bool(np.isfinite(of.values).all())
    if isinstance(found, Unestimable) and known:
        method = f"no interval: {found.reason}"
        return Estimate(float(of.values.mean()), None, None, 1 - settings.alpha, of.n, method)
    return found


def compared(pair: Pair, settings: Settings) -> Difference:
    """The candidate minus the baseline, as the gates do it."""
    found = difference(pair, _within(pair.candidate, settings)).evidence
    assert not isinstance(found, Estimate)
    return found


def _within(of: Series, settings: Settings) -> Settings:
    """Fewer resamples of many samples, whose bounds are steadier anyway."""
    return replace(settings, resamples=min(settings.resamples, max(_LEAST_RESAMPLES, _MOST_DRAWS // max(1, of.n))))


def _own(role: str, side: Asked | Unestimable, name: str, task: StoredTask, found: Found) -> Own:
    if role == CANDIDATE and name in found.own:
        return found.own[name]
    return side if isinstance(side, Unestimable) else estimate(series(side, role), task.settings)


def _difference(ours: Asked | Unestimable, theirs: Asked | Unestimable, role: str, settings: Settings) -> Difference:
    if isinstance(ours, Unestimable):
        return ours
    if isinstance(theirs, Unestimable):
        return theirs
    problem = problem_between(ours, theirs, role)
    return Unestimable(problem) if problem else compared(Pair(series(ours, CANDIDATE), series(theirs, role)), settings)
