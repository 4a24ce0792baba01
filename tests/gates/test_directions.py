"""Lower is better: an error rate is judged as its mirror image, the share of what is right, would be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from harness.catalog import build
from harness.core.decisions import Finding
from harness.core.directions import Better
from harness.core.estimates import Comparison, Estimate
from harness.gates.interface import Evidence
from harness.stats.series import Series, Settings

SETTINGS = Settings(alpha=0.05, resamples=499, seed=7, min_samples=30)
# Goodness by goodness: the rule and the threshold for errors, and those for their mirror image.
RULES = (
    ("at_most", 0.25, "at_least", 0.75),
    ("improves", 0.0, "improves", 0.0),
    ("margin", 0.125, "margin", 0.125),
    ("win_rate", 0.5, "win_rate", 0.5),
)


def find(rule: str, threshold: float, candidate: Series, baseline: Series | None, settings: Settings) -> Finding:
    found = build("gates", rule, {"threshold": threshold}).find(Evidence(candidate, baseline), settings)
    assert isinstance(found, Finding)
    return found


def errors(values: list[int], groups: int = 0, aggregate: str = "mean") -> Series:
    """Scores in eighths, so that 1 minus a score is exact; samples in so many groups."""
    numbers = np.array(values, dtype=np.float64) / 8
    return Series(aggregate, numbers, np.arange(len(values)) % groups if groups else None, better=Better.LOWER)


def assert_mirrored(ours: list[int], theirs: list[int], groups: int, settings: Settings, aggregate: str) -> None:
    candidate, baseline = (errors(values, groups, aggregate) for values in (ours, theirs))
    for rule, threshold, other, mirrored in RULES:
        both = (candidate, baseline) if rule != "at_most" else (candidate, None)
        plain = find(rule, threshold, *both, settings)  # type: ignore[misc]
        turned = find(other, mirrored, *(one.goodness if one else None for one in both), settings)  # type: ignore[misc]
        assert (plain.passes, plain.reason, plain.needed) == (turned.passes, turned.reason, turned.needed), rule
        assert (plain.p_fail is None) == (turned.p_fail is None), rule
        assert plain.p_fail is None or plain.p_fail == pytest.approx(turned.p_fail, abs=1e-12), rule
        if isinstance(plain.evidence, Comparison):
            assert isinstance(turned.evidence, Comparison)
            assert plain.evidence.candidate == candidate.values.mean()
            assert plain.evidence.baseline == baseline.values.mean()
            assert plain.evidence.difference == turned.evidence.difference
            assert (plain.evidence.low, plain.evidence.high) == (turned.evidence.low, turned.evidence.high)
        elif rule == "at_most" and isinstance(plain.evidence, Estimate):
            assert isinstance(turned.evidence, Estimate)
            assert plain.evidence.value == pytest.approx(candidate.values.mean())
            assert plain.evidence.low == pytest.approx(1 - turned.evidence.high)  # type: ignore[operator]
            assert plain.evidence.high == pytest.approx(1 - turned.evidence.low)  # type: ignore[operator]


SCORES = st.lists(st.integers(0, 8), min_size=60, max_size=60)


@tries(max_examples=15, deadline=None)
@given(SCORES, SCORES, st.sampled_from([0, 25]), st.sampled_from([SETTINGS, replace(SETTINGS, anytime=True)]))
def test_errors_are_judged_as_their_mirror_image(
    ours: list[int], theirs: list[int], groups: int, settings: Settings
) -> None:
    assert_mirrored(ours, theirs, groups, settings, "mean")


RIGHT = st.lists(st.sampled_from([0, 8]), min_size=60, max_size=60)


@tries(max_examples=15, deadline=None)
@given(RIGHT, RIGHT, st.sampled_from([0, 20]), st.booleans())
def test_a_rate_of_errors_too(ours: list[int], theirs: list[int], groups: int, anytime: bool) -> None:
    assert_mirrored(ours, theirs, groups, replace(SETTINGS, anytime=anytime), "rate")
    candidate = errors(ours, groups, "rate")
    plain, turned = (find("no_critical_failures", 0.03, one, None, SETTINGS) for one in (candidate, candidate.goodness))
    assert plain == turned


@pytest.mark.parametrize("rule", ["improves", "margin", "win_rate"])
def test_more_errors_never_pass_and_fewer_do(rule: str) -> None:
    good, bad = errors([0, 1] * 50), errors([7, 8] * 50)
    threshold = {"improves": 0.0, "margin": 0.1, "win_rate": 0.5}[rule]
    assert find(rule, threshold, good, bad, SETTINGS).passes
    worse = find(rule, threshold, bad, good, SETTINGS)
    assert not worse.passes
    assert worse.p_fail is not None
    assert worse.p_fail < 0.001
