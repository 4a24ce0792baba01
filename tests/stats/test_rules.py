"""What must hold of every verdict, whatever the numbers: the rule of decision's own calibration list."""

from __future__ import annotations

import math
from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.decisions import Finding
from harness.core.estimates import Comparison
from harness.gates.interface import Evidence
from harness.gates.margin import Margin
from harness.stats.analysis import absolute, difference
from harness.stats.series import Pair, Series, Settings

SETTINGS = Settings(alpha=0.05, resamples=499, seed=7, min_samples=30)
LABELS = 2
ALL = ("rate", "mean", "macro_f1", "f1")
rows = st.lists(st.tuples(st.integers(0, 1), st.booleans(), st.booleans()), min_size=2, max_size=120)


def series(aggregate: str, targets: np.ndarray, right: np.ndarray, groups: np.ndarray | None = None) -> Series:
    answers = np.where(right, targets, 1 - targets)
    return Series(aggregate, right.astype(float), groups, targets, answers, LABELS, label=1)


def pair_of(aggregate: str, found: list[tuple[int, bool, bool]], groups: np.ndarray | None = None) -> Pair:
    targets, ours, theirs = (np.array(column) for column in zip(*found, strict=True))
    return Pair(series(aggregate, targets, ours, groups), series(aggregate, targets, theirs, groups))


def verdict(finding: Finding) -> int:
    """2 PASS, 1 INCONCLUSIVE, 0 FAIL, for a gate that stands alone."""
    if finding.passes:
        return 2
    return 0 if finding.p_fail is not None and finding.p_fail <= SETTINGS.alpha else 1


def judged(pair: Pair, margin: float = 0.1, with_settings: Settings = SETTINGS) -> Finding:
    return Margin(margin).find(Evidence(pair.candidate, pair.baseline), with_settings)


def evidence(pair: Pair) -> list[float]:
    found = difference(pair, SETTINGS).evidence
    return [value for value in astuple(found) if isinstance(value, float)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=31, max_size=120), st.sampled_from([0.02, 0.1, 0.2]))
def test_mending_a_sample_never_worsens_the_verdict(found: list[tuple[bool, bool]], margin: float) -> None:
    worse = [i for i, (ours, theirs) in enumerate(found) if theirs and not ours]
    verdicts = []
    for mended in range(len(worse) + 1):
        now = [(0, ours or i in worse[:mended], theirs) for i, (ours, theirs) in enumerate(found)]
        verdicts.append(verdict(judged(pair_of("rate", now), margin)))
    assert verdicts == sorted(verdicts)


@settings(deadline=None, max_examples=50)
@given(rows)
def test_changing_the_models_over_turns_the_bounds_over(found: list[tuple[int, bool, bool]]) -> None:
    _turn_over(pair_of("rate", found), 1e-9)
    _turn_over(pair_of("mean", found[:49]), 1e-9)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 9999))
def test_drawn_bounds_turn_over_up_to_the_drawing(seed: int) -> None:
    for aggregate in ("mean", "macro_f1", "f1"):
        _turn_over(pair_of(aggregate, drawn_rows(seed)), 0.05)


def drawn_rows(seed: int) -> list[tuple[int, bool, bool]]:
    """200 samples of two models of 60 to 95 %."""
    rng = np.random.default_rng(seed)
    ours, theirs = (rng.random(200) < rng.uniform(0.6, 0.95) for _ in range(2))
    return [(i % 2, bool(a), bool(b)) for i, (a, b) in enumerate(zip(ours, theirs, strict=True))]


def _turn_over(pair: Pair, near: float) -> None:
    first, second = (difference(one, SETTINGS).evidence for one in (pair, Pair(pair.baseline, pair.candidate)))
    if isinstance(first, Comparison) and isinstance(second, Comparison):
        assert second.difference == pytest.approx(-first.difference, abs=1e-9)
        assert (-second.high, -second.low) == pytest.approx((first.low, first.high), abs=near)  # type: ignore


@settings(deadline=None, max_examples=30)
@given(rows, st.integers(0, 99))
def test_the_order_of_samples_does_not_count(found: list[tuple[int, bool, bool]], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(found))
    for aggregate in ALL:
        for groups in (None, np.arange(len(found)) // 2):
            first = pair_of(aggregate, found, groups)
            second = pair_of(aggregate, [found[i] for i in order], None if groups is None else groups[order])
            assert evidence(second) == pytest.approx(evidence(first), abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(ALL), st.integers(1, 29), st.integers(0, 2), st.booleans(), st.floats(0.001, 1))
def test_too_few_samples_never_pass_and_are_never_nan(
    aggregate: str, n: int, kind: int, grouped: bool, margin: float
) -> None:
    """All right, all wrong, or alternating; single or in pairs."""
    right = np.array([(True, False, i % 2 == 0)[kind] for i in range(n)])
    pair = pair_of(aggregate, [(i % 2, bool(r), True) for i, r in enumerate(right)])
    if grouped:
        groups = np.arange(n) // 2
        pair = Pair(replace(pair.candidate, groups=groups), replace(pair.baseline, groups=groups))
    found = judged(pair, margin)
    assert not found.passes
    for analysis in (difference(pair, SETTINGS), absolute(pair.candidate, SETTINGS)):
        numbers = [*astuple(analysis.evidence), analysis.p_below(margin), analysis.p_above(margin), analysis.noise]
        assert all(math.isfinite(value) for value in numbers if isinstance(value, float | int))


@pytest.mark.parametrize("aggregate", ALL)
def test_the_seed_does_not_turn_a_verdict(aggregate: str) -> None:
    """Over 20 seeds: never PASS with one and FAIL with another, and INCONCLUSIVE where the bound is near."""
    rng = np.random.default_rng(1)
    targets = np.arange(400) % 2
    theirs = rng.random(400) < 0.9
    for loss in (0.0, 0.05, 0.3):
        ours = theirs & (rng.random(400) >= loss)
        pair = Pair(series(aggregate, targets, ours), series(aggregate, targets, theirs))
        seeds = [replace(SETTINGS, seed=seed, resamples=1999) for seed in range(20)]
        found = {verdict(judged(pair, 0.15, one)) for one in seeds}
        assert len(found) == 1
        assert found == {0 if loss == 0.3 else 2}


@settings(deadline=None, max_examples=40)
@given(rows)
def test_groups_of_one_are_no_groups(found: list[tuple[int, bool, bool]]) -> None:
    few = found[:49]
    single = evidence(pair_of("mean", few, np.arange(len(few))))
    assert single == pytest.approx(evidence(pair_of("mean", few)), abs=1e-9)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 9999))
def test_drawn_groups_of_one_are_no_groups_up_to_the_drawing(seed: int) -> None:
    """The one is drawn by kinds, the other by units."""
    found = drawn_rows(seed)
    for aggregate in ("macro_f1", "f1"):
        single = evidence(pair_of(aggregate, found, np.arange(200)))
        assert single == pytest.approx(evidence(pair_of(aggregate, found)), abs=0.05)


@settings(deadline=None, max_examples=40)
@given(rows)
def test_repeats_that_are_all_alike_change_nothing(found: list[tuple[int, bool, bool]]) -> None:
    """Three repeats of each sample, as one group, against one of each, as a group of its own."""
    n = len(found)
    for aggregate in ("mean", "macro_f1", "f1"):
        once = evidence(pair_of(aggregate, found, np.arange(n)))
        thrice = evidence(pair_of(aggregate, [row for row in found for _ in range(3)], np.repeat(np.arange(n), 3)))
        assert thrice == pytest.approx(once, abs=1e-9)
