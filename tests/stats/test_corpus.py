"""Corpus BLEU and its bounds: sacrebleu's number, no certainty from few samples, no drawing of half a group."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.gates.interface import conclude
from harness.stats.analysis import absolute, difference
from harness.stats.corpus import bleu, bleu_difference, corpus_bleu, perfect, undefined
from harness.stats.series import Pair, Series, Settings, weakness

SETTINGS = Settings(alpha=0.05, resamples=999, seed=7, min_samples=30)
Counts = NDArray[np.float64]
sums = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=4)


def made(n: int, right: float, seed: int = 1, spread: float = 0.5) -> Counts:
    """Counts of n answers as long as their references, a share `right` of each sample's n-grams matched."""
    rng = np.random.default_rng(seed)
    counts = perfect(np.clip(np.round(rng.lognormal(2.7, spread, n)), 1, 150))
    counts[:, :4] = np.floor(counts[:, :4] * np.minimum(1.0, rng.normal(right, 0.1, (n, 1)).clip(0)))
    return counts


def series(counts: Counts | None, groups: list[int] | None = None, n: int = 0) -> Series:
    number = n if counts is None else len(counts)
    return Series("bleu", np.zeros(number), None if groups is None else np.array(groups), counts=counts)


@settings(deadline=None)  # the first example loads sacrebleu
@given(sums, st.integers(1, 40), st.integers(0, 40))
def test_bleu_of_any_sums_is_sacrebleus(pairs: list[tuple[int, int]], answer: int, reference: int) -> None:
    package = pytest.importorskip("sacrebleu.metrics.bleu")
    total = [max(pair) for pair in pairs]
    matched = [min(pair) for pair in pairs]
    expected = package.BLEU.compute_bleu(matched, total, answer, reference, smooth_method="exp").score / 100
    row = np.array([[*matched, *total, answer, reference]], dtype=float)
    assert corpus_bleu(row)[0] == pytest.approx(expected, abs=1e-12)


def test_perfect_answers_have_bleu_one_and_empty_ones_none() -> None:
    counts = perfect(np.array([1.0, 4.0, 9.0]))
    assert counts[0].tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 1, 1]
    assert corpus_bleu(counts.sum(axis=0, keepdims=True))[0] == 1.0
    counts[:, :-1] = 0
    assert corpus_bleu(counts.sum(axis=0, keepdims=True))[0] == 0.0


@pytest.mark.parametrize("n", [50, 200, 1000])
def test_answers_all_right_do_not_prove_themselves(n: int) -> None:
    found = absolute(series(perfect(np.full(n, 12.0))), SETTINGS).evidence
    assert isinstance(found, Estimate)
    assert found.value == found.high == 1.0
    assert found.low is not None
    assert found.low <= 1 - 2.5 / n, "a rule of three"


def test_answers_all_empty_do_not_prove_themselves_either() -> None:
    counts = perfect(np.full(200, 12.0))
    counts[:, :-1] = 0
    found = absolute(series(counts), SETTINGS).evidence
    assert isinstance(found, Estimate)
    assert found.value == found.low == 0.0
    assert found.high is not None
    assert found.high > 0.0


def test_equal_models_differ_by_something_but_not_by_much() -> None:
    same = series(made(300, 0.8))
    found = difference(Pair(same, same), SETTINGS).evidence
    assert isinstance(found, Comparison)
    assert found.difference == 0.0
    assert found.low is not None
    assert found.high is not None
    assert -0.05 < found.low < -0.003 < 0.003 < found.high < 0.05


def test_pairs_stay_together() -> None:
    """Two models that are right on the same samples differ far less surely where the pairs are torn apart."""
    ours, theirs = made(400, 0.7, spread=1.0), made(400, 0.7, spread=1.0)
    theirs[:, :4] = np.floor(theirs[:, :4] * 0.98)
    paired = bleu_difference(ours, theirs, None, 999, 1)[0].bounds(0.05)
    torn = bleu_difference(ours, np.roll(theirs, 7, axis=0), None, 999, 1)[0].bounds(0.05)
    assert paired[1] - paired[0] < 0.6 * (torn[1] - torn[0])


def test_a_difference_is_the_difference_of_the_two() -> None:
    ours, theirs = made(300, 0.8), made(300, 0.6)
    drawn, mine, its = bleu_difference(ours, theirs, None, 999, 1)
    assert mine == bleu(ours, None, 999, 1).value
    assert its == bleu(theirs, None, 999, 1).value
    assert drawn.value == mine - its
    assert drawn.bounds(0.05)[0] > 0.1


def test_copies_within_a_group_add_nothing() -> None:
    counts = made(250, 0.7)
    plain = absolute(series(counts), SETTINGS).evidence
    copied = absolute(series(np.repeat(counts, 5, axis=0), [i // 5 for i in range(1250)]), SETTINGS).evidence
    assert isinstance(plain, Estimate)
    assert isinstance(copied, Estimate)
    assert (copied.value, copied.low, copied.high) == pytest.approx((plain.value, plain.low, plain.high))


def test_more_samples_than_are_drawn_one_by_one_have_the_same_spread() -> None:
    counts = made(12_000, 0.7)
    low, high = bleu(counts, None, 999, 1).bounds(0.05)
    small = bleu(counts[:9_000], None, 999, 1).bounds(0.05)
    assert high - low == pytest.approx((small[1] - small[0]) * math.sqrt(9_000 / 12_000), rel=0.15)


def test_the_same_seed_gives_the_same_bounds() -> None:
    counts = made(200, 0.7)
    assert bleu(counts, None, 999, 1).bounds(0.05) == bleu(counts, None, 999, 1).bounds(0.05)
    assert bleu(counts, None, 999, 1).bounds(0.05) != bleu(counts, None, 999, 2).bounds(0.05)


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_the_bounds_hold_on_simulated_samples(spread: float) -> None:
    """One answer in twenty is wrong, the others are right: no more than 7 % of lower bounds may exceed the truth."""
    rng = np.random.default_rng(11)
    every = made(20_000, 2.0, spread=spread)
    every[rng.random(len(every)) < 0.05, :4] = 0
    truth = corpus_bleu(every.sum(axis=0, keepdims=True))[0]
    bounds = [bleu(every[rng.integers(0, len(every), 200)], None, 299, i).bounds(0.05) for i in range(300)]
    assert np.mean([low > truth for low, _ in bounds]) <= 0.07
    assert np.mean([high < truth for _, high in bounds]) <= 0.07


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        (None, "a sample's n-gram counts are missing"),
        (np.vstack([made(3, 0.5), np.full((1, 10), np.nan)]), "a sample's n-gram counts are missing"),
        (perfect(np.full(300, 3.0)), "no reference has four words, the least that BLEU counts"),
    ],
)
def test_what_gives_no_bleu_is_no_number(counts: Counts | None, why: str) -> None:
    assert undefined(counts) == why
    found, whole = series(counts, n=4), series(perfect(np.full(4 if counts is None else len(counts), 9.0)))
    for analysis in (absolute(found, SETTINGS), difference(Pair(found, found), SETTINGS)):
        assert analysis.evidence == Unestimable(why, found.n)
        assert not conclude(analysis, -1.0, above=True, weakness=None, needed=None).passes
    assert difference(Pair(whole, found), SETTINGS).evidence == Unestimable(why, found.n)
    assert absolute(series(np.zeros((0, 10))), SETTINGS).evidence == Unestimable("no samples", 0)


def test_few_samples_or_groups_prove_nothing() -> None:
    few, enough = weakness(series(made(199, 0.7)), SETTINGS), weakness(series(made(200, 0.7)), SETTINGS)
    assert few == "199 samples are too few to prove anything here; at least 200 are needed"
    assert enough is None
    assert "only 10 groups" in (weakness(series(made(200, 0.7), [i % 10 for i in range(200)]), SETTINGS) or "")


def test_bounds_and_p_values_agree() -> None:
    found = absolute(series(made(300, 0.7)), SETTINGS)
    assert isinstance(found.evidence, Estimate)
    assert found.noise is not None
    low, high = found.evidence.low or 0.0, found.evidence.high or 0.0
    assert (found.p_above(low - 4 * found.noise) or 0) < 0.05 < (found.p_above(low + 4 * found.noise) or 0)
    assert (found.p_below(high + 4 * found.noise) or 0) < 0.05 < (found.p_below(high - 4 * found.noise) or 0)
