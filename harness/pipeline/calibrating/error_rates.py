"""How often the gates of a release err at their bounds, by simulation from its own stored scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness import catalog
from harness.core.decisions import Finding
from harness.core.events import Event, Watch
from harness.core.metric_refs import COST, metric_refs
from harness.core.policies import Gate, Policy
from harness.core.releases import Release
from harness.core.verdicts import Verdict
from harness.gates.interface import Evidence
from harness.pipeline.judging.evidence import Material, evidence_for
from harness.pipeline.judging.judge import verdicts
from harness.pipeline.looks import alpha_of
from harness.stats.planting import Planted, expected_f1, planted, scaled, taken
from harness.stats.series import Series, Settings

# A bootstrap of each of many simulated releases: fewer resamples make bounds noisier, and so PASS rarer.
RESAMPLES = 1_999
WORST = 1.2  # a score bound on pairs reaches 6.0 % at alpha 5 %


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How often a gate passed, and failed, in `simulations` releases whose true score lay at the gate's very bound.

    With several looks, at any of them. `n` samples (in `groups`, where they come in groups) are those stored. Rates are
    None where nothing could be simulated; `reason` says why.
    """

    gate: Gate
    n: int
    groups: int | None
    simulations: int
    alpha: float
    false_pass: float | None
    false_fail: float | None
    reason: str = ""

    @property
    def noise(self) -> float:
        """Two Monte-Carlo standard errors of a rate that is truly alpha."""
        return 2 * math.sqrt(self.alpha * (1 - self.alpha) / max(1, self.simulations))

    def above(self, times: float = 1.0) -> bool:
        """Whether either rate is larger than so many times alpha, by more than the simulation's own noise."""
        rates = [rate for rate in (self.false_pass, self.false_fail) if rate is not None]
        return any(rate > times * self.alpha + self.noise for rate in rates)


@dataclass(frozen=True, slots=True)
class _Simulated:
    """A gate with a population whose score lies at its bound.

    `in_parts`: an early look has fewer samples. `wins`: the scores are wins, ties and losses.
    """

    gate: Gate
    population: Planted
    in_parts: bool
    wins: bool

    def draw(self, rng: np.random.Generator) -> Evidence:
        pair = self.population.draw(rng)
        # Against one half, a win is above, a tie level and a loss below: the wins are what was planted.
        baseline = replace(pair.baseline, values=np.full(pair.baseline.n, 0.5)) if self.wins else pair.baseline
        return Evidence(pair.candidate, baseline)


def error_rates(release: Release, material: Material, simulations: int, seed: int, watch: Watch) -> list[ErrorRates]:
    """For each gate how often it passes and fails at its bound, all of them judged together as in a decision."""
    refs, found = metric_refs(release.suites), dict[int, _Simulated | str]()
    for place, gate in enumerate(release.policy.gates):
        if gate.metric == COST:
            found[place] = "what requests cost can't be set to a bound"
            continue
        evidence = evidence_for(gate, refs, material, release.policy)
        found[place] = _simulated(gate, evidence, release)
    ready = {place: one for place, one in found.items() if isinstance(one, _Simulated)}
    counts = _count(release, list(ready.values()), simulations, seed, watch)
    rates = dict(zip(ready, counts, strict=True))
    return [_rates(gate, found[place], rates.get(place), simulations, release.policy)
            for place, gate in enumerate(release.policy.gates)]  # fmt: skip


def _rates(
    gate: Gate, found: _Simulated | str, counts: tuple[int, int] | None, simulations: int, policy: Policy
) -> ErrorRates:
    if isinstance(found, str) or counts is None:
        return ErrorRates(gate, 0, None, 0, policy.alpha, None, None, str(found))
    series = found.population.series
    groups = None if series.groups is None else len(np.unique(series.groups))
    # One failure is a FAIL whatever the rate: what no statistics decide has no rate of error.
    fails = None if gate.rule == "no_critical_failures" else counts[1] / simulations
    return ErrorRates(gate, series.samples, groups, simulations, policy.alpha, counts[0] / simulations, fails)


def _count(
    release: Release, gates: Sequence[_Simulated], simulations: int, seed: int, watch: Watch
) -> list[tuple[int, int]]:
    """How often each gate passed and failed, at any look."""
    rng, policy, looks = np.random.default_rng(seed), release.policy, max(1, release.policy.looks)
    rules = [catalog.build("gates", one.gate.rule, {"threshold": one.gate.threshold}) for one in gates]
    passed, failed = np.zeros(len(gates), dtype=np.int64), np.zeros(len(gates), dtype=np.int64)
    watch(Event("simulate", "begin", f"{simulations} releases at the bounds of {len(gates)} gates"))
    for done in range(simulations):
        drawn = [one.draw(rng) for one in gates]
        ends = np.full((looks, len(gates)), Verdict.INCONCLUSIVE, dtype=object)
        for look in range(1, looks + 1):
            alphas = [alpha_of(one.gate, release, look) for one in gates]
            findings = [
                rule.find(_first(evidence, look / looks if one.in_parts else 1.0), _settings(policy, alpha))
                for one, rule, evidence, alpha in zip(gates, rules, drawn, alphas, strict=True)
            ]
            ends[look - 1] = verdicts(policy, findings, alphas)
        passed += (ends == Verdict.PASS).any(axis=0)
        failed += (ends == Verdict.FAIL).any(axis=0)
        watch(Event("simulate", "move", "simulated releases", done + 1, simulations))
    watch(Event("simulate", "done", f"{simulations} releases"))
    return [(int(one), int(other)) for one, other in zip(passed, failed, strict=True)]


def _settings(policy: Policy, alpha: float) -> Settings:
    resamples = min(RESAMPLES, policy.resamples)
    return Settings(alpha, resamples, policy.seed, policy.min_samples, anytime=policy.looks == 0)


def _first(evidence: Evidence, share: float) -> Evidence:
    """The first units of both sides; they were drawn in no order."""
    if share == 1 or evidence.baseline is None:
        return evidence
    series = evidence.candidate
    end = math.ceil(share * series.n)
    if series.groups is not None:
        end = int(np.searchsorted(series.groups, math.ceil(share * (int(series.groups[-1]) + 1))))
    return Evidence(taken(evidence.candidate, slice(end)), taken(evidence.baseline, slice(end)))


def _simulated(gate: Gate, evidence: Evidence | Finding, release: Release) -> _Simulated | str:
    """The population of a gate, or why there is none."""
    if isinstance(evidence, Finding):
        return evidence.reason
    if evidence.candidate.aggregate == "bleu":
        return "the score of a whole corpus can't be set to a bound"
    if not np.isfinite(evidence.candidate.values).all() and evidence.candidate.aggregate != "quantile":
        return "a score is not a number"
    at_bound = _AT_BOUND.get(gate.rule)
    if at_bound is None:
        return "nobody has said yet what a model at the bound of this rule is"
    found = at_bound(gate, evidence)
    if found is None:
        return "the stored scores can't be brought to its bound"
    in_parts = alpha_of(gate, release, 1) < release.policy.alpha
    return _Simulated(gate, found, in_parts, wins=gate.rule == "win_rate")


def _no_better(gate: Gate, evidence: Evidence) -> Planted | None:
    pair = evidence.pair
    change = float(np.abs(pair.candidate.values - pair.baseline.values).mean())
    return planted(pair.baseline.goodness, gate.threshold if gate.rule == "margin" else 0.0, change)


def _at_threshold(gate: Gate, evidence: Evidence) -> Planted | None:
    series = evidence.candidate
    if series.aggregate == "quantile":
        return scaled(series, gate.threshold)
    return planted(series, _score(series) - gate.threshold)


def _score(series: Series) -> float:
    return expected_f1(series, 0.0, 0.0) if series.answers is not None else float(series.values.mean())


def _failing(gate: Gate, evidence: Evidence) -> Planted | None:
    series = evidence.candidate.goodness
    fine = replace(series, values=(series.values >= 1).astype(np.float64), lost=0)
    return planted(fine, float(fine.values.mean()) - (1 - gate.threshold))


def _winning(gate: Gate, evidence: Evidence) -> Planted | None:
    pair = evidence.pair
    ahead = np.sign(np.round(pair.candidate.goodness.values - pair.baseline.goodness.values, 12))
    wins = Series("rate", (ahead + 1) / 2, pair.candidate.groups)
    return planted(wins, float(wins.values.mean()) - gate.threshold)


_AT_BOUND: Mapping[str, Callable[[Gate, Evidence], Planted | None]] = {
    "margin": _no_better,
    "improves": _no_better,
    "at_least": _at_threshold,
    "at_most": _at_threshold,
    "no_critical_failures": _failing,
    "win_rate": _winning,
}
