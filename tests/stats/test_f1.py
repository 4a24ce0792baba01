"""F1 of one class: what it may claim, from single samples and from groups."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.stats import bootstrap
from harness.stats.analysis import absolute, difference
from harness.stats.series import Pair, Series, Settings, least_samples, weakness

SETTINGS = Settings(alpha=0.05, resamples=999, seed=7, min_samples=30)
rows = st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 2), st.integers(-1, 2)), min_size=1, max_size=60)


def of_class(targets: list[int], answers: list[int], label: int = 1, groups: list[int] | None = None) -> Series:
    given_targets, given_answers = np.array(targets), np.array(answers)
    right = (given_targets == given_answers).astype(float)
    clusters = None if groups is None else np.array(groups)
    return Series("f1", right, clusters, given_targets, given_answers, 3, label=label)


def by_definition(targets: list[int], answers: list[int], label: int) -> float:
    right = sum(t == a == label for t, a in zip(targets, answers, strict=True))
    total = targets.count(label) + answers.count(label)
    return 2 * right / total if total else 0.0


@settings(deadline=None, max_examples=50)
@given(rows, st.integers(0, 2), st.booleans(), st.floats(-0.5, 1.5))
def test_it_is_the_classs_f1_with_bounds_around_it(
    found: list[tuple[int, int, int]], label: int, grouped: bool, bound: float
) -> None:
    targets, ours, theirs = (list(column) for column in zip(*found, strict=True))
    groups = [i // 2 for i in range(len(found))] if grouped else None
    alone = absolute(of_class(targets, ours, label, groups), SETTINGS)
    if isinstance(alone.evidence, Estimate):
        assert alone.evidence.value == pytest.approx(by_definition(targets, ours, label))
        assert 0 <= alone.evidence.low <= alone.evidence.value <= alone.evidence.high <= 1 + 1e-12  # type: ignore
        assert all(0 <= p <= 1 for p in (alone.p_below(bound), alone.p_above(bound)) if p is not None)
    pair = Pair(of_class(targets, ours, label, groups), of_class(targets, theirs, label, groups))
    compared = difference(pair, SETTINGS)
    if isinstance(compared.evidence, Comparison):
        assert compared.evidence.baseline == pytest.approx(by_definition(targets, theirs, label))
        assert compared.evidence.low <= compared.evidence.difference <= compared.evidence.high  # type: ignore
        assert math.isfinite(compared.p_below(bound))  # type: ignore[arg-type]


def test_a_class_that_is_not_there_has_no_f1() -> None:
    nothing = of_class([0] * 40, [2] * 40)
    reason = "the class neither occurs nor was answered"
    assert absolute(nothing, SETTINGS).evidence == Unestimable(reason, 40)
    assert absolute(replace(nothing, groups=np.arange(40)), SETTINGS).evidence == Unestimable(reason, 40)
    assert difference(Pair(nothing, nothing), SETTINGS).evidence == Unestimable(reason, 40)


@pytest.mark.parametrize(("threshold", "right", "errors"), [(0.8, 80, 20), (0.9, 60, 5), (0.5, 10, 30)])
def test_bounds_and_p_values_are_of_one_test(threshold: float, right: int, errors: int) -> None:
    answers = [1] * right + [0] * errors
    found = absolute(of_class([1] * (right + errors), answers), SETTINGS)
    assert isinstance(found.evidence, Estimate)
    assert found.evidence.n == right + errors
    assert found.p_above(found.evidence.low) == pytest.approx(0.05)  # type: ignore[arg-type]
    assert found.p_below(found.evidence.high) == pytest.approx(0.05)  # type: ignore[arg-type]
    assert found.p_above(threshold) + found.p_below(threshold) == pytest.approx(1)  # type: ignore[operator]
    assert (found.p_above(1.0), found.p_below(0.0), found.p_below(1.0)) == (1.0, 1.0, 0.0)


def test_all_right_does_not_prove_itself() -> None:
    targets = [1, 0] * 50
    for groups in (None, [i // 2 for i in range(100)]):
        found = absolute(of_class(targets, targets, groups=groups), SETTINGS).evidence
        assert isinstance(found, Estimate)
        assert found.value == found.high == pytest.approx(1.0)
        assert 0.9 < found.low < 0.99  # type: ignore[operator]
        same = difference(Pair(*(of_class(targets, targets, groups=groups),) * 2), SETTINGS).evidence
        assert same.low < -0.005 < 0.005 < same.high  # type: ignore[union-attr, operator]


def test_whole_groups_that_fail_make_it_less_certain() -> None:
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(40), 10)
    targets = rng.integers(0, 2, 400)
    right = rng.random(40)[groups] < 0.7
    series = of_class(targets.tolist(), np.where(right, targets, 1 - targets).tolist(), groups=groups.tolist())
    wide, narrow = (absolute(one, SETTINGS).evidence for one in (series, replace(series, groups=None)))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)  # type: ignore[union-attr, operator]


def test_pairing_counts() -> None:
    """Two models that err on the same samples differ surely little; two that err apart may differ much."""
    targets = [1, 0] * 200
    ours = [0 if i % 10 == 0 else t for i, t in enumerate(targets)]
    apart = [0 if i % 10 == 2 else t for i, t in enumerate(targets)]
    same, other = (
        difference(Pair(of_class(targets, ours), of_class(targets, theirs)), SETTINGS).evidence
        for theirs in (ours, apart)
    )
    assert same.difference == other.difference == 0  # type: ignore[union-attr]
    assert other.low < 3 * same.low < 0  # type: ignore[union-attr, operator]


def test_a_class_at_the_margin_passes_in_at_most_8_percent() -> None:
    """The candidate misses 10 points of the class's F1 more than the baseline, which is right throughout."""
    rng, wrong, n = np.random.default_rng(5), 0, 300
    for draw in range(200):
        targets = (rng.random(n) < 0.3).astype(int)
        missed = rng.random(n) < 0.2 / 1.1  # F1 = 2J/(1 + J) = 0.9 at J = 0.9/1.1
        ours = np.where(missed & (targets == 1), 0, targets)
        pair = Pair(*(of_class(targets.tolist(), side.tolist()) for side in (ours, targets)))
        wrong += difference(pair, replace(SETTINGS, seed=draw)).evidence.low > -0.1  # type: ignore
    assert wrong / 200 <= 0.08


@pytest.mark.parametrize(("support", "repeats", "reason"), [(29, 1, "29"), (30, 1, None), (58, 2, "29"), (60, 2, None)])
def test_fewer_than_thirty_of_the_class_cannot_pass(support: int, repeats: int, reason: str | None) -> None:
    series = replace(of_class([1] * support + [0] * 100, [1] * support + [0] * 100), repeats=repeats)
    found = weakness(series, SETTINGS)
    assert found is None if reason is None else f"the class has {reason} samples; at least 30" in str(found)
    assert least_samples("f1", replace(SETTINGS, min_samples=1)) == 30


def test_targets_of_no_class_are_left_out_of_macro_f1() -> None:
    targets, answers = np.array([0, 0, -1, 1]), np.array([0, -1, 1, 1])
    found = bootstrap.macro_f1(targets, answers, 2, None, 99, 1)
    assert found.value == pytest.approx((2 / 3 + 2 / 3) / 2)
