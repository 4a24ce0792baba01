"""What each gate can come to with the samples at hand: before anything is run, and from planning values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness import catalog
from harness.core.policies import Gate
from harness.core.releases import Release
from harness.gates.interface import Rule
from harness.pipeline.looks import alpha_of
from harness.pipeline.planning import ideal

if TYPE_CHECKING:  # NumPy comes with these, and a release is checked without them first
    from harness.stats.planning import Design
    from harness.stats.series import Series, Settings

# Perfect answers leave a bootstrap nothing to find out, so the fewest resamples do.
RESAMPLES = 1_999


@dataclass(frozen=True, slots=True)
class Planning:
    """What is assumed, in place of what would be observed.

    `discordance` is the share of samples on which just one of two models is right. `expect` holds true rates by
    metric; "" stands for every at_least and win_rate gate. `power` is the chance to pass that is wanted.
    """

    discordance: float = 0.12
    expect: Mapping[str, float] = field(default_factory=dict)
    power: float = 0.8


@dataclass(frozen=True, slots=True)
class Prospect:
    """A gate before it is judged.

    `samples` are at hand (None: known only when they have been asked), `least` is the fewest at which it can pass
    (None: no number is enough). `can_pass`: with the best result there is; for a margin, where both models are equal;
    None where that is not known. `obstacle` says why it can't. `wanted` samples give the planned power, `chance` is
    the chance to pass with those at hand, `detectable` the effect that they show with the planned power; each None
    where it is not known.
    """

    gate: Gate
    samples: int | None
    least: int | None
    can_pass: bool | None
    obstacle: str = ""
    wanted: int | None = None
    chance: float | None = None
    detectable: float | None = None


def prospects(
    release: Release, planning: Planning | None = None, known: Mapping[tuple[str, str], int] | None = None
) -> list[Prospect]:
    """One for each gate, those that can't pass first. `known` counts samples of lm-eval's tasks, by (suite, task)."""
    found = [_prospect(gate, release, planning or Planning(), known or {}) for gate in release.policy.gates]
    return sorted(found, key=lambda one: one.can_pass is not False)


def _prospect(gate: Gate, release: Release, planning: Planning, known: Mapping[tuple[str, str], int]) -> Prospect:
    from harness.stats.series import Settings

    policy = release.policy
    alpha = alpha_of(gate, release, policy.looks)  # at the last look, which has all samples
    settings = Settings(alpha, RESAMPLES, policy.seed, policy.min_samples, anytime=policy.looks == 0)
    rule: Rule = catalog.build("gates", gate.rule, {"threshold": gate.threshold})
    best = ideal.best_series(gate, release, known)
    least = ideal.least_samples(rule, gate, best, settings)
    at_hand = None if ideal.is_unknown(gate, release, known) else best.samples
    obstacle = "" if at_hand is None else _obstacle(rule, gate, best, least, settings)
    can_pass = None if at_hand is None else not obstacle
    design = _design(gate, best, settings, planning)
    if design is None:
        return Prospect(gate, at_hand, least, can_pass, obstacle)
    wanted = design.samples(planning.power)
    wanted = None if wanted is None or least is None else max(wanted, least)
    if not can_pass or not at_hand:
        return Prospect(gate, at_hand, least, can_pass, obstacle, wanted)
    chance, detectable = design.chance(at_hand), design.detectable(at_hand, planning.power)
    return Prospect(gate, at_hand, least, can_pass, obstacle, wanted, chance, detectable)


def _obstacle(rule: Rule, gate: Gate, best: Series, least: int | None, settings: Settings) -> str:
    """Why the gate can't pass with these samples; "" where it can."""
    from harness.stats.series import least_samples, weakness

    asked = gate.rule if gate.rule == "improves" else f"{gate.rule} {gate.threshold:g}"
    counted = "rate" if gate.rule == "win_rate" else best.aggregate  # wins, of whatever scores
    start, floor = f"{asked} on {gate.what}", least_samples(counted, settings)
    # A better model can meet a margin on fewer pairs, but on no fewer than any gate needs.
    unless = ", so only a better model could pass" if gate.rule == "margin" and best.samples >= floor else ""
    if ideal.passes(rule, gate, best, settings):
        return ""
    weak = weakness(best, settings) if best.samples >= floor and gate.rule != "no_critical_failures" else None
    if weak:
        return f"{start}: {weak}."
    if least is None:
        return f"{start} can't be shown by any number of samples."
    if best.samples < least:
        named = _named(gate, best) if least > floor else "samples"
        return f"{start} needs {least:,} {named}; you have {best.samples:,}{unless}."
    return f"{start}: not even the best result clears the bound{unless}."


def _named(gate: Gate, best: Series) -> str:
    """What the least number counts: only samples that ended as well as they can."""
    match gate.rule:
        case "margin":
            return "pairs on which both models agree"
        case "win_rate":
            return "samples that are all won"
        case "at_least" | "at_most" | "no_critical_failures" if best.aggregate == "rate":
            return "samples without one failure"
        case _:
            return "samples"


def _design(gate: Gate, best: Series, settings: Settings, planning: Planning) -> Design | None:
    """The rule with its planning values; None where there are none for it (means, F1, quantiles, groups)."""
    from harness.stats import planning as plans

    if best.aggregate != "rate" or best.groups is not None or settings.anytime:
        return None
    bound, alpha, expected = gate.threshold, settings.alpha, planning.expect.get(gate.metric)
    match gate.rule:
        case "at_least" | "win_rate":
            return plans.RateAbove(bound, alpha, planning.expect.get("") if expected is None else expected)
        case "at_most":
            return plans.RateBelow(bound, alpha, expected)
        case "no_critical_failures":
            return plans.NoFailures(bound, alpha, expected)
        case "margin":
            return plans.WithinMargin(bound, alpha, planning.discordance)
        case "improves":
            return plans.Gain(alpha, planning.discordance)
        case _:
            return None
