"""One rule among several is only called broken after Holm's correction over all of them."""

from __future__ import annotations

import math

from harness.core.canaries import RuleResult, Standing
from harness.core.routes import CanaryRules
from harness.core.versions import CANARY, PRODUCTION
from harness.pipeline.canary.rules import results
from harness.pipeline.canary.traffic import Seen, Traffic
from harness.stats.streams import rate_difference

ALPHA, N, RULES = 0.05, 1_000, CanaryRules(errors=0.01)


def _side(failed: int) -> Seen:
    found = Seen()
    for number in range(N):
        found.add((number < failed, number % 50, 100 + number % 20, None))
    return found


def _errors(failed: int) -> RuleResult:
    return results(Traffic({CANARY: _side(failed), PRODUCTION: _side(10)}), RULES, ALPHA)[0]


def _p(failed: int) -> float:
    found = rate_difference((failed, N), (10, N), ALPHA).p_above(RULES.errors)
    assert found is not None
    return found


def test_a_rule_that_alone_would_be_broken_is_open_among_three() -> None:
    failed = next(count for count in range(10, N) if _p(count) <= ALPHA)
    assert _p(failed) > ALPHA / 3
    assert _errors(failed).standing is Standing.OPEN
    sure = next(count for count in range(failed, N) if _p(count) <= ALPHA / 3)
    assert _errors(sure).standing is Standing.BROKEN


def test_a_failed_request_is_slower_than_all() -> None:
    """A canary that fails at once is not quick."""
    side = _side(failed=100)
    assert side.seconds.n == N
    assert math.isinf(side.seconds.quantile(0.95))
    assert math.isfinite(side.seconds.quantile(0.85))
    assert side.characters.n == N - 100


def test_answers_that_may_be_too_short_are_not_shown_to_keep_the_rule() -> None:
    """A ratio of 0.76 is surely below 1.25, and nobody knows whether it is above 0.75."""
    sides = {CANARY: Seen(), PRODUCTION: Seen()}
    for number in range(N):
        for side, length in ((CANARY, 0.76), (PRODUCTION, 1.0)):
            sides[side].add((False, 1, round(length * (100 + number % 40)), None))
    length = results(Traffic(sides), RULES, ALPHA)[-1]
    assert (length.name, length.standing) == ("length p50", Standing.OPEN)
