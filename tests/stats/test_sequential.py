"""Declared looks spend alpha and no more, as the published tables say, and on real tests of pairs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from harness.stats import sequential
from harness.stats.paired import Table, p_above


@pytest.mark.parametrize(
    ("looks", "published"), [(1, 0.05), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193), (20, 0.248)]
)
def test_naive_looks_err_as_armitage_mcpherson_and_rowe_say(looks: int, published: float) -> None:
    assert sequential.naive_error(looks, 0.05, two_sided=True) == pytest.approx(published, abs=6e-4)


@pytest.mark.parametrize(
    ("looks", "pocock", "final"), [(2, 2.178, 1.977), (3, 2.289, 2.004), (4, 2.361, 2.024), (5, 2.413, 2.040)]
)
def test_constants_are_those_of_jennison_and_turnbull(looks: int, pocock: float, final: float) -> None:
    assert sequential.pocock(looks, 0.05, two_sided=True) == pytest.approx([pocock] * looks, abs=1e-3)
    assert sequential.obrien_fleming(looks, 0.05, two_sided=True)[-1] == pytest.approx(final, abs=1e-3)


def test_bounds_of_five_looks() -> None:
    found = sequential.obrien_fleming(5, 0.05, two_sided=True)
    assert found == pytest.approx([4.562, 3.226, 2.634, 2.281, 2.040], abs=1e-3)


def test_alpha_spending_of_five_looks_is_that_of_ldbounds() -> None:
    alphas = sequential.lan_demets([0.2, 0.4, 0.6, 0.8, 1.0], 0.025)
    assert [-ndtri(alpha) for alpha in alphas] == pytest.approx([4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=5e-4)


@pytest.mark.parametrize("looks", [1, 2, 3, 5, 10, 20])
@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_looks_spend_alpha_between_them(looks: int, alpha: float) -> None:
    alphas = sequential.look_alphas(looks, alpha)
    assert len(alphas) == looks
    assert alphas == sorted(alphas)
    assert 0 < alphas[0] <= alphas[-1] <= alpha
    assert sequential.error([-ndtri(each) for each in alphas]) == pytest.approx(alpha, abs=1e-8)
    assert looks == 1 or sequential.naive_error(looks, alpha) > 1.5 * alpha


def test_one_look_has_all_of_alpha() -> None:
    assert sequential.look_alphas(1, 0.05) == [0.05]
    assert sequential.lan_demets([1.0], 0.05) == pytest.approx([0.05])


def test_what_is_given_out_can_be_changed_without_harm() -> None:
    sequential.look_alphas(3, 0.05).clear()
    assert len(sequential.look_alphas(3, 0.05)) == 3


@pytest.mark.parametrize("two_sided", [False, True])
def test_unequal_looks_err_as_often_as_simulated(two_sided: bool) -> None:
    fractions, bounds = [0.1, 0.55, 1.0], [2.2, 1.8, 1.9]
    steps = np.sqrt(np.diff([0, *fractions]))
    walks = np.random.default_rng(5).normal(size=(400_000, 3)) * steps
    z = walks.cumsum(axis=1) / np.sqrt(fractions)
    left = (np.abs(z) if two_sided else z) > bounds
    simulated = left.any(axis=1).mean()
    assert sequential.error(bounds, fractions, two_sided=two_sided) == pytest.approx(simulated, abs=1.5e-3)


def test_spending_on_unequal_looks_is_alpha_in_all() -> None:
    fractions = [0.1, 0.2, 0.9, 1.0]
    alphas = sequential.lan_demets(fractions, 0.05)
    assert sequential.error([-ndtri(each) for each in alphas], fractions) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("looks", [0, -1, 21])
def test_a_number_of_looks_that_cannot_be_is_refused(looks: int) -> None:
    with pytest.raises(ValueError, match="looks"):
        sequential.look_alphas(looks, 0.05)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, float("nan")])
def test_an_alpha_that_cannot_be_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        sequential.look_alphas(1, alpha)


@pytest.mark.parametrize("fractions", [[0.5, 0.4, 1.0], [0.5, 0.9], [0.5, 0.501, 1.0], [0.0, 1.0], []])
def test_fractions_that_do_not_rise_to_one_are_refused(fractions: list[float]) -> None:
    with pytest.raises(ValueError, match=r"looks|fractions"):
        sequential.lan_demets(fractions, 0.05)


def test_three_looks_at_pairs_keep_the_error_that_naive_looks_double() -> None:
    """Pairs that differ in 12 %, the candidate worse by just the margin of 5 points, looked at after 100, 200, 300."""
    margin, runs, looks = 0.05, 40_000, (100, 200, 300)
    rng = np.random.default_rng(20)
    counts = rng.multinomial(100, [0.035, 0.085, 0.88], size=(runs, 3)).cumsum(axis=1)
    p = np.column_stack([_p_values(counts[:, look], n, margin) for look, n in enumerate(looks)])
    declared = (p <= sequential.look_alphas(3, 0.05)).any(axis=1).mean()
    naive = (p <= 0.05).any(axis=1).mean()
    assert 0.035 <= declared <= 0.055
    assert naive >= 0.08


def _p_values(counts: np.ndarray, n: int, margin: float) -> np.ndarray:
    tables, of = np.unique(counts[:, :2], axis=0, return_inverse=True)
    found = [p_above(Table(n - int(b) - int(c), int(b), int(c), 0), -margin) for b, c in tables]
    return np.array(found)[of.ravel()]
