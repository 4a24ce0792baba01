"""How often a model that is worse by the very margin passes: by the gate, and by a plain normal interval.

`python -m benchmarks.error_rates [SIMULATIONS]` prints the table of docs/statistics.md; both judge the same draws. The
interval is the two-sided one of 95 %, mean plus or minus 1.96 standard errors of the paired differences of samples. It
passes a model where it shows no significant loss (`no_loss`), or where it lies above minus the margin (`within`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.gates.interface import Evidence
from harness.gates.margin import Margin
from harness.stats import special
from harness.stats.planting import Planted, planted
from harness.stats.series import Pair, Series, Settings

SETTINGS = Settings(alpha=0.05, resamples=1_999, seed=1, min_samples=30)
Z = 1.96


@dataclass(frozen=True, slots=True)
class Rates:
    """The share of models at the margin that pass: by the gate, and by the interval in its two readings."""

    gate: float
    no_loss: float
    within: float


def exact(n: int, discordance: float, margin: float, settings: Settings = SETTINGS) -> Rates:
    """Paired right and wrong answers, by enumeration of how many only one model got right.

    Of those with as many only the baseline got right, a table passes where the candidate alone got enough right.
    """
    lost = np.arange(n + 1)
    least = {
        "gate": least_won(lambda b, c: gate_passes(n, b, c, margin, settings), n),
        "no_loss": least_won(lambda b, c: _interval(n, b, c)[1] >= 0, n),
        "within": least_won(lambda b, c: _interval(n, b, c)[0] > -margin, n),
    }
    return Rates(**{name: share(n, discordance, -margin, lost, found) for name, found in least.items()})


def share(n: int, discordance: float, difference: float, lost: Any, least: Any) -> float:
    """The chance of a table with so many `lost` to the baseline, and at least so many won (n + 1: never)."""
    won, losing = (discordance + difference) / 2, (discordance - difference) / 2
    there = special.bdtr(lost, n, losing) - np.where(lost > 0, special.bdtr(np.maximum(lost, 1) - 1, n, losing), 0.0)
    rest = n - lost
    tail = 1 - special.bdtr(np.clip(least - 1, 0, None), np.maximum(rest, 1), min(1.0, won / (1 - losing)))
    enough = np.where(least > rest, 0.0, np.where(least <= 0, 1.0, tail))
    return float((there * enough).sum())


def gate_passes(n: int, won: int, lost: int, margin: float, settings: Settings = SETTINGS) -> bool:
    """Whether the gate passes where just the candidate is right on `won` samples, just the baseline on `lost`."""
    return judged(n, won, lost, margin, settings).passes


def judged(n: int, won: int, lost: int, margin: float, settings: Settings = SETTINGS) -> Any:
    """The gate's finding."""
    ours, theirs = np.ones(n), np.ones(n)
    ours[:lost], theirs[lost : lost + won] = 0, 0
    return Margin(margin).find(Evidence(Series("rate", ours), Series("rate", theirs)), settings)


def least_won(passes: Any, n: int) -> Any:
    """For each number lost the fewest won with which it passes: never fewer than with one lost less."""
    found, won = np.full(n + 1, n + 1), 0
    for lost in range(n + 1):
        while won <= n - lost and not passes(won, lost):
            won += 1
        found[lost] = won
        if won > n - lost:
            found[lost:] = n + 1
            break
    return found


def _interval(n: int, won: float, lost: float) -> tuple[float, float]:
    mean = (won - lost) / n
    half = Z * float(np.sqrt(max(0.0, (won + lost) / n - mean * mean) / (n - 1)))
    return mean - half, mean + half


def binary(groups: int = 5_000, size: int = 8) -> Series:
    """Right or wrong, 85 % right, alike within groups."""
    rng = np.random.default_rng(2)
    chance = np.repeat(rng.beta(3.4, 0.6, groups), size)
    return Series("rate", (rng.random(len(chance)) < chance).astype(float), np.repeat(np.arange(groups), size))


def scores() -> Series:
    """Continuous scores between 0 and 1, 0.8 in the mean."""
    return Series("mean", np.random.default_rng(3).beta(8, 2, 40_000))


def labels(classes: int = 4) -> Series:
    """Answers of a classifier that is right on 85 %."""
    rng = np.random.default_rng(4)
    targets = rng.integers(0, classes, 40_000)
    right = rng.random(len(targets)) < 0.85
    answers = np.where(right, targets, (targets + 1) % classes)
    return Series("macro_f1", right.astype(float), None, targets, answers, classes)


def grouped_scores(groups: int = 5_000, size: int = 8) -> Series:
    """Continuous scores that are alike within groups."""
    rng = np.random.default_rng(5)
    centre = np.repeat(rng.beta(8, 2, groups), size)
    values = np.clip(centre + rng.normal(0, 0.05, len(centre)), 0, 1)
    return Series("mean", values, np.repeat(np.arange(groups), size))


# title, population, units drawn, margin, share of samples on which the models differ
SIMULATED = {
    "macro-F1, 4 classes, n = 200": (labels, 200, 0.05, 0.12),
    "macro-F1, 4 classes, n = 1,000": (labels, 1_000, 0.02, 0.12),
    "50 groups of 8, right or wrong": (binary, 50, 0.10, 0.15),
    "50 groups of 8, continuous": (grouped_scores, 50, 0.10, 0.15),
    "continuous, n = 60": (scores, 60, 0.05, 0.12),
    "continuous, n = 200": (scores, 200, 0.05, 0.12),
    "continuous, n = 1,000": (scores, 1_000, 0.02, 0.12),
}
EXACT = [(10, 0.2, 0.1), (30, 0.12, 0.05), (60, 0.06, 0.05), (60, 0.12, 0.1), (200, 0.06, 0.02), (200, 0.12, 0.05),
         (1_000, 0.06, 0.01), (1_000, 0.12, 0.02), (1_000, 0.3, 0.05)]  # fmt: skip


def simulated(title: str, simulations: int, seed: int = 20_260_101, settings: Settings = SETTINGS) -> Rates:
    """The rates where samples (or groups) are drawn from a population, and a loss of the margin is planted."""
    population, units, margin, change = SIMULATED[title]
    found = planted(population(), margin, change)
    assert found is not None
    passed = sum(_passes(pair, margin, settings) for pair in _pairs(found, units, simulations, seed))
    return Rates(*(float(one) for one in passed / simulations))


def _pairs(found: Planted, units: int, simulations: int, seed: int) -> Iterator[Pair]:
    rng = np.random.default_rng(seed)
    return (found.draw(rng, units) for _ in range(simulations))


def _passes(pair: Pair, margin: float, settings: Settings) -> Any:
    change = pair.candidate.values - pair.baseline.values
    half = Z * change.std(ddof=1) / np.sqrt(len(change))
    gate = Margin(margin).find(Evidence(pair.candidate, pair.baseline), settings).passes
    return np.array([gate, change.mean() + half >= 0, change.mean() - half > -margin], dtype=np.float64)


def table(simulations: int) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield "| a model worse by the margin passes | margin | this gate | no significant loss | interval above it |"
    yield "|---|---|---|---|---|"
    for n, discordance, margin in EXACT:
        found = exact(n, discordance, margin)
        yield line(f"right or wrong, n = {n:,}, {100 * discordance:g} % differ", margin, found)
    for title, (_, _, margin, _) in SIMULATED.items():
        yield line(title, margin, simulated(title, simulations))


def line(title: str, margin: float, found: Rates) -> str:
    """A row of the table."""
    values = " | ".join(f"{100 * one:.1f} %" for one in (found.gate, found.no_loss, found.within))
    return f"| {title} | {100 * margin:g} points | {values} |"


if __name__ == "__main__":
    for row in table(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000):
        sys.stdout.write(row + "\n")
        sys.stdout.flush()
