"""What requests cost, one amount for each, by the release's prices: the evidence of gates on cost.request.

By tokens a request costs its prompt's and its answer's, for each try. By the hour the server's time is shared: at a
constant number of requests in flight each holds its part of the server for as long as it takes, so an hour's price is
shared by latency. The amounts are then scaled to add up to the whole time that was paid for, which holds the time that
failures took; so their mean is the price of an hour over the requests that were answered in one.
A request that failed is charged as an answered one, for each try: more is not known of it. It is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from harness.core.decisions import Finding
from harness.core.directions import Better
from harness.core.estimates import Unestimable
from harness.core.ids import digest_json
from harness.core.metric_refs import COST, MEASURED_RUN
from harness.core.policies import Gate, Policy
from harness.core.presentation import Price, Prices
from harness.core.releases import Release
from harness.gates.interface import Evidence
from harness.pipeline.judging.evidence import Judged, Material, error, lost_too_much
from harness.stats.series import Series
from harness.store.columns import Floats, TaskColumns

HOUR, MILLION = 3_600, 1_000_000


@dataclass(frozen=True, slots=True)
class Spent:
    """Requests to one model, one place for each: the sample (suite.task:id), its amount and whether it was answered.

    `prompt` and `generated` are mean tokens of an answered request, None where the answers do not tell.
    """

    samples: tuple[str, ...]
    amounts: Floats
    answered: Floats
    prompt: float | None = None
    generated: float | None = None

    def series(self, numbers: Mapping[str, int]) -> Series:
        """For judging; `numbers` are the samples' clusters."""
        groups = np.array([numbers[name] for name in self.samples], dtype=np.int64)
        return Series("cost", self.amounts, groups, answered=self.answered, better=Better.LOWER)


def cost_evidence(gate: Gate, material: Material, prices: Prices | None, policy: Policy) -> Evidence | Finding:
    """The costs that a gate needs; an ERROR where they were not measured, no verdict where they are not known."""
    sides = [_side(role, material, prices, policy) for role in ("candidate", gate.against) if role is not None]
    for side in sides:
        if isinstance(side, Finding):
            return side
    ours, *others = [side for side in sides if isinstance(side, Spent)]
    theirs = [_on_the_same(ours, other) for other in others]
    numbers = clusters(material, [ours, *theirs])
    return Evidence(ours.series(numbers), *(other.series(numbers) for other in theirs))


def _side(role: str, material: Material, prices: Prices | None, policy: Policy) -> Spent | Finding:
    price = prices.models.get(role) if prices else None
    if price is None:
        return error(f"the {role} has no price")
    if price.per_hour is not None and _phase(role, material) is None:
        return error(f"the {role}'s throughput was not measured")
    found = spent(role, material, price, favour=role != "candidate")
    if isinstance(found, Unestimable):
        return Finding(found, 0.0, reason=found.reason)
    lost = sum(int(one.lost.sum()) for one in _own(role, material)) if _phase(role, material) is None else 0
    if lost > policy.max_not_evaluated * len(found.samples):
        return lost_too_much(
            f"{lost} of {len(found.samples)} requests to the {role} failed, so its cost is no evidence"
        )
    return found


def spent(role: str, material: Material, price: Price, *, favour: bool = False) -> Spent | Unestimable:
    """What was spent on a model: in the measured phase, else by tokens in its own runs.

    A candidate's failures and tries are paid for; with `favour` those of a baseline are not, so they make nobody cheap.
    """
    phase = _phase(role, material)
    if price.per_hour is not None and phase is None:
        return Unestimable("its throughput was not measured")
    columns = [phase[1]] if phase else _own(role, material)
    names = _names(role, material) if phase is None else [str(origin) for origin in phase[1].origins]
    asked = np.concatenate([np.zeros(0), *(one.usage["attempts"].ravel() for one in columns if one.usage)])
    if len(asked) != sum(one.lost.size for one in columns):
        return Unestimable("its runs do not tell their requests")
    known = ~np.isnan(asked)
    lost = np.concatenate([np.zeros(0, bool), *(one.lost.ravel() for one in columns)])[known]
    samples = tuple(name for name, there in zip(names, known, strict=True) if there)
    if lost.all():
        return Unestimable("it answered no request with a text")
    tries = np.ones(len(lost)) if favour else np.maximum(asked[known], 1)
    tokens = [_joined(columns, name)[known] for name in ("prompt_tokens", "generated_tokens")]
    means = [None if np.isnan(found[~lost]).any() else float(found[~lost].mean()) for found in tokens]
    single = _by_hour(columns)[known] if price.per_hour is not None else _by_tokens(price, tokens)
    silent = int((~np.isfinite(single[~lost])).sum())
    if silent:
        what = "time" if price.per_hour is not None else "tokens"
        return Unestimable(f"{silent:,} of its {int((~lost).sum()):,} answers do not tell their {what}")
    amounts = np.where(lost, single[~lost].mean(), single) * tries
    answered = np.ones(len(lost)) if favour else (~lost).astype(np.float64)
    found = Spent(samples, amounts, answered, *means)
    return found if phase is None or price.per_hour is None else _scaled(found, phase[0], role, price.per_hour, lost)


def _scaled(found: Spent, phase: Judged, role: str, per_hour: float, lost: np.ndarray) -> Spent | Unestimable:
    """The amounts (in seconds) as what the whole phase cost."""
    pace = phase.run.figures.get(f"{role}.requests_per_second")
    if pace is None or pace <= 0:
        return Unestimable("its throughput was not measured")
    if found.amounts.sum() <= 0:
        return Unestimable("its answers took no time")
    paid = per_hour / HOUR * int((~lost).sum()) / pace
    return replace(found, amounts=found.amounts * (paid / found.amounts.sum()))


def _by_hour(columns: Sequence[TaskColumns]) -> Floats:
    found: Floats = np.concatenate([one.latencies.ravel() for one in columns])
    return found


def _by_tokens(price: Price, tokens: Sequence[Floats]) -> Floats:
    prompt, generated = tokens
    return (prompt * (price.prompt or 0.0) + generated * (price.generated or 0.0)) / MILLION


def _joined(columns: Sequence[TaskColumns], name: str) -> Floats:
    found: Floats = np.concatenate([one.usage[name].ravel() for one in columns])
    return found


def _phase(role: str, material: Material) -> tuple[Judged, TaskColumns] | None:
    """The measured phase and what it has of a model; None where it was not measured."""
    judged = material.get("candidate", {}).get(MEASURED_RUN)
    result = judged.results.get(role) if judged else None
    return (judged, result) if judged and result and result.ids else None


def _own(role: str, material: Material) -> list[TaskColumns]:
    suites = material.get(role, {})
    return [one for suite, judged in suites.items() if suite != MEASURED_RUN for one in judged.results.values()]


def _names(role: str, material: Material) -> list[str]:
    """The sample of each request of a model's own runs, repeat by repeat."""
    suites = material.get(role, {})
    return [
        f"{suite}.{task}:{name}"
        for suite, judged in suites.items()
        if suite != MEASURED_RUN
        for task, one in judged.results.items()
        for name in one.ids
        for _ in range(one.repeats)
    ]


def _on_the_same(ours: Spent, theirs: Spent) -> Spent:
    """The baseline's requests as often on each sample as the candidate's, where it was asked all of these."""
    if not {*ours.samples} <= {*theirs.samples}:
        return theirs
    totals: dict[str, list[float]] = {}
    for name, amount, answered in zip(theirs.samples, theirs.amounts, theirs.answered, strict=True):
        one = totals.setdefault(name, [0.0, 0.0, 0.0])
        totals[name] = [one[0] + amount, one[1] + answered, one[2] + 1]
    amounts = np.array([totals[name][0] / totals[name][2] for name in ours.samples])
    answered = np.array([totals[name][1] / totals[name][2] for name in ours.samples])
    return replace(theirs, samples=ours.samples, amounts=amounts, answered=answered)


def clusters(material: Material, sides: Sequence[Spent]) -> dict[str, int]:
    """A number for each sample; those of one group, by the candidate's own runs, share one."""
    groups = {
        f"{suite}.{task}:{name}": f"{suite}.{task}::{group}"
        for suite, judged in material.get("candidate", {}).items()
        if suite != MEASURED_RUN
        for task, one in judged.results.items()
        for name, group in zip(one.ids, one.groups, strict=True)
        if group is not None
    }
    numbers: dict[str, int] = {}
    return {
        name: numbers.setdefault(groups.get(name, name), len(numbers)) for side in sides for name in side.samples
    }  # fmt: skip


def prices_digest(release: Release) -> dict[str, str]:
    """The digest of the prices, under its name, where a gate is on a cost; else no verdict depends on them."""
    if release.prices is None or not any(gate.metric == COST for gate in release.policy.gates):
        return {}
    models = {role: asdict(price) for role, price in release.prices.models.items()}
    return {"prices": digest_json([release.prices.currency, models])}
