"""How often the margin's gate errs: exactly where it can be enumerated, else by simulation with a fixed seed."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from benchmarks.error_rates import EXACT, SETTINGS, exact, gate_passes, judged, least_won, line, share, simulated
from harness.stats.power import least_for_margin
from harness.stats.series import Settings

MOST = 0.0605  # 6.0 %, rounded: what the score bound reaches at its worst
MARGINS = (0.01, 0.02, 0.03, 0.05, 0.10)
DISCORDANCES = tuple(np.arange(6, 31, 2) / 100)


def false_passes(n: int, settings: Settings = SETTINGS) -> dict[tuple[float, float], float]:
    """By margin and discordance; models can't differ by more than they are discordant."""
    found = {}
    for margin in MARGINS:
        least = least_won(lambda b, c, margin=margin: gate_passes(n, b, c, margin, settings), n)
        for discordance in DISCORDANCES:
            if discordance >= margin:
                found[margin, discordance] = share(n, discordance, -margin, np.arange(n + 1), least)
    return found


@pytest.mark.parametrize("n", [30, 60, 200, 1_000])
def test_a_model_worse_by_the_margin_passes_in_at_most_six_percent(n: int) -> None:
    found = false_passes(n)
    assert max(found.values()) <= MOST
    assert n < 200 or min(rate for (margin, _), rate in found.items() if margin == 0.05) > 0.03


def test_ten_pairs_never_pass_nor_do_they_without_a_floor_where_the_bound_is_honest() -> None:
    assert set(false_passes(10).values()) == {0.0}
    assert not any(gate_passes(10, 0, 0, margin) for margin in (*MARGINS, 0.5, 0.99))
    unfloored = false_passes(10, Settings(0.05, 1_999, 1, min_samples=1))
    assert max(unfloored.values()) <= MOST


@pytest.mark.parametrize("n", [30, 45])
def test_the_enumeration_by_least_wins_is_that_of_all_tables(n: int) -> None:
    margin, discordance = 0.1, 0.2
    won, lost = 0.05, 0.15
    total, logs = 0.0, np.cumsum(np.log(np.arange(1, n + 1)))
    fact = np.concatenate([[0.0], logs])
    for b, c in itertools.product(range(n + 1), repeat=2):
        if b + c <= n and gate_passes(n, b, c, margin):
            log = fact[n] - fact[b] - fact[c] - fact[n - b - c]
            total += np.exp(log + b * np.log(won) + c * np.log(lost) + (n - b - c) * np.log(1 - discordance))
    assert exact(n, discordance, margin).gate == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize(("margin", "least"), [(0.10, 25), (0.05, 52), (0.02, 133), (0.01, 268)])
def test_the_least_pairs_that_pass_are_those_that_all_agree(margin: float, least: int) -> None:
    unfloored = Settings(0.05, 1_999, 1, min_samples=1)
    assert gate_passes(least, 0, 0, margin, unfloored)
    assert not gate_passes(least - 1, 0, 0, margin, unfloored)
    assert least_for_margin(margin, 0.05) == least
    assert gate_passes(max(30, least), 0, 0, margin)


def test_an_equal_model_fails_in_less_than_half_a_percent_with_20_gates() -> None:
    """Under Holm the first claim of twenty must hold at alpha / 20; the gates may err independently of each other."""
    n, margin, gates = 1_000, 0.02, 20

    def stands(b: int, c: int) -> bool:
        p_fail = judged(n, b, c, margin).p_fail
        return p_fail is None or p_fail > SETTINGS.alpha / gates

    one = 1 - share(n, 0.12, 0.0, np.arange(n + 1), least_won(stands, n))
    assert 1 - (1 - one) ** gates <= 0.005
    at_the_margin = 1 - share(n, 0.12, -margin, np.arange(n + 1), least_won(stands, n))
    assert one < at_the_margin <= 0.05 / gates * 1.5


@pytest.mark.parametrize("title", ["macro-F1, 4 classes, n = 200", "50 groups of 8, right or wrong",
                                   "50 groups of 8, continuous"])  # fmt: skip
def test_simulated_models_at_the_margin(title: str) -> None:
    found = simulated(title, 400)
    assert found.gate <= 0.06 < max(found.no_loss, found.within)


@pytest.mark.parametrize("title", ["continuous, n = 60", "continuous, n = 200"])
def test_simulated_continuous_scores(title: str) -> None:
    assert simulated(title, 200).gate <= 0.06


def test_a_plain_interval_errs_where_the_gate_does_not() -> None:
    """No significant loss on 60 samples says little; nor does an interval above the margin where few models differ."""
    found = exact(60, 0.06, 0.05)
    assert found.gate < 0.06
    assert found.no_loss > 0.4
    assert found.within > 0.1


def test_the_documents_table_is_what_comes_out() -> None:
    text = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")
    for n, discordance, margin in EXACT[:-3]:
        title = f"right or wrong, n = {n:,}, {100 * discordance:g} % differ"
        assert line(title, margin, exact(n, discordance, margin)) in text
