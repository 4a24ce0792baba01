"""A claim of FAIL stands only where the bounds bear it out, and is counted by Holm where they do not."""

from __future__ import annotations

import pytest

from harness.core.estimates import Estimate
from harness.gates.interface import conclude
from harness.stats.analysis import Analysis


def analysis(low: float | None, high: float | None, p: float) -> Analysis:
    return Analysis(Estimate(0.5, low, high, 0.95, 100, "t"), lambda _: p, lambda _: p)


@pytest.mark.parametrize(
    ("low", "high", "p", "above", "claimed"),
    [
        (0.4, 0.59, 0.01, True, 0.01),
        (0.4, 0.60, 0.01, True, 1.0),
        (0.4, 0.61, 0.01, True, 1.0),
        (0.4, None, 0.01, True, 1.0),
        (0.4, 0.61, 0.06, True, 0.06),
        (0.61, 0.7, 0.01, False, 0.01),
        (0.59, 0.7, 0.01, False, 1.0),
        (None, 0.7, 0.01, False, 1.0),
    ],
)
def test_the_far_bound_must_lie_beyond(
    low: float | None, high: float | None, p: float, above: bool, claimed: float
) -> None:
    found = conclude(analysis(low, high, p), 0.6, above=above, weakness=None, needed=None)
    assert found.p_fail == claimed
    assert not found.passes
