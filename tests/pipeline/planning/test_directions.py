"""What an error rate can come to: the best one is 0, and so many samples show it as show that all are right."""

from __future__ import annotations

import numpy as np
import pytest

from harness.catalog import build
from harness.core.directions import Better
from harness.core.places import Place
from harness.core.policies import Gate
from harness.core.verdicts import Role
from harness.pipeline.planning import ideal
from harness.stats.series import Series, Settings

SETTINGS = Settings(alpha=0.05, resamples=999, seed=1, min_samples=30)


def planned(rule: str, threshold: float, better: Better) -> tuple[bool, int | None]:
    against = None if rule.startswith("at_") else "base"
    gate = Gate("s.x", rule, threshold, against, Role.GATING, Place("release.yaml"), better=better)
    plug, best = build("gates", rule, {"threshold": threshold}), Series("mean", np.full(60, better.best), better=better)
    return ideal.passes(plug, gate, best, SETTINGS), ideal.least_samples(plug, gate, best, SETTINGS)


@pytest.mark.parametrize(
    ("rule", "threshold", "mirrored"),
    [("at_least", 0.9, ("at_most", 0.1)), ("improves", 0.0, None), ("margin", 0.05, None), ("win_rate", 0.6, None)],
)
def test_errors_need_as_many_samples_as_right_answers(
    rule: str, threshold: float, mirrored: tuple[str, float] | None
) -> None:
    found = planned(*(mirrored or (rule, threshold)), Better.LOWER)
    assert found == planned(rule, threshold, Better.HIGHER)
    assert found[0]
