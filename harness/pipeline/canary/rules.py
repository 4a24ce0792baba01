"""The rules of a canary, each told from the counts of both sides, by bounds that hold however often one looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.core.canaries import RuleResult, Standing
from harness.core.estimates import Estimate
from harness.core.routes import CanaryRules
from harness.core.versions import CANARY, PRODUCTION
from harness.pipeline.canary.traffic import Traffic
from harness.stats.analysis import Analysis
from harness.stats.multiple import holm
from harness.stats.streams import Tally, quantile_ratio, rate_difference

P95, MEDIAN = 0.95, 0.5


@dataclass(frozen=True, slots=True)
class _Told:
    """A rule with its evidence."""

    result: RuleResult
    analysis: Analysis


def results(seen: Traffic, rules: CanaryRules, alpha: float) -> tuple[RuleResult, ...]:
    """Each rule: kept where that is shown at `alpha`, broken where it is after Holm's correction over all rules."""
    told = list(_told(seen, rules, alpha))
    adjusted = holm([_p_broken(one) for one in told])
    return tuple(_result(one, p, alpha) for one, p in zip(told, adjusted, strict=True))


def left_out_more(seen: Traffic, alpha: float) -> bool:
    """Whether more of the canary's requests are shown to count for nobody (cancelled, refused) than of production's.

    Whom the canary keeps waiting goes; whom it misunderstands is refused: then what is left tells too little.
    """
    ours, theirs = ((one.cancelled + one.refused, one.cancelled + one.refused + one.n + one.later)
                    for one in (seen.sides[CANARY], seen.sides[PRODUCTION]))  # fmt: skip
    p = rate_difference(ours, theirs, alpha).p_above(0.0)
    return p is not None and p <= alpha


def _told(seen: Traffic, rules: CanaryRules, alpha: float) -> Iterator[_Told]:
    ours, theirs = seen.sides[CANARY], seen.sides[PRODUCTION]
    failed = (ours.failed, ours.n), (theirs.failed, theirs.n)
    yield _rates("errors", failed, rules.errors, alpha)
    times = ours.seconds, theirs.seconds
    yield _quantiles("latency p95", times, P95, RuleResult("", Standing.OPEN, 1 + rules.latency), alpha)
    if rules.format_rule:
        wrong = [(one.formed[False], one.formed[False] + one.formed[True]) for one in (ours, theirs)]
        told = _rates("format", (wrong[0], wrong[1]), rules.format, alpha)
        if unchecked := ours.formed[None] + theirs.formed[None]:
            reason = f"{unchecked} answers were not checked: the router that saw them knew no form"
            told = _Told(replace(told.result, reason=reason), Analysis(told.analysis.evidence, _none, _none))
        yield told
    limits = RuleResult("", Standing.OPEN, 1 + rules.length, 1 - rules.length)
    yield _quantiles("length p50", (ours.characters, theirs.characters), MEDIAN, limits, alpha)


def _none(_: float) -> None:
    return None


def _rates(name: str, sides: tuple[tuple[int, int], tuple[int, int]], most: float, alpha: float) -> _Told:
    ours, theirs = (part / n if n else None for part, n in sides)
    found = rate_difference(*sides, alpha)
    return _Told(RuleResult(name, Standing.OPEN, most, canary=ours, production=theirs), found)


def _quantiles(name: str, sides: tuple[Tally, Tally], q: float, limits: RuleResult, alpha: float) -> _Told:
    ours, theirs = (_finite(one.quantile(q)) if one.n else None for one in sides)
    found = quantile_ratio(*sides, q, alpha)
    return _Told(replace(limits, name=name, canary=ours, production=theirs), found)


def _finite(value: float) -> float | None:
    return None if value == float("inf") else value


def _p_broken(told: _Told) -> float:
    """p of "outside what is tolerated", of both sides where there are two."""
    most, least = told.result.most, told.result.least
    p = told.analysis.p_above(most)
    if p is None or least is None:
        return 1.0 if p is None else p
    other = told.analysis.p_below(least) if least > 0 else 1.0
    return min(1.0, 2 * min(p, 1.0 if other is None else other))


def _is_kept(told: _Told, alpha: float) -> bool:
    most, least = told.result.most, told.result.least
    p = [told.analysis.p_below(most)]
    if least is not None and least > 0:
        p.append(told.analysis.p_above(least))
    return all(one is not None and one <= alpha for one in p)


def _result(told: _Told, p: float, alpha: float) -> RuleResult:
    standing = Standing.BROKEN if p <= alpha else Standing.KEPT if _is_kept(told, alpha) else Standing.OPEN
    found = told.analysis.evidence
    if not isinstance(found, Estimate):
        reason = told.result.reason or getattr(found, "reason", "")
        return replace(told.result, standing=standing, p=p, reason=reason)
    value = _finite(found.value)
    return replace(told.result, standing=standing, p=p, value=value, low=found.low, high=found.high)
