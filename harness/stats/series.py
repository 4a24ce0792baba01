"""Scores of one metric over samples, ready for arithmetic; and two models' scores side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.core.directions import Better

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """One model's scores, one place for each sample, none left out.

    `aggregate` is rate, mean, macro_f1, bleu, quantile or cost. For macro_f1 `answers` and `targets` are class numbers
    (-1: none of the classes) and `classes` their count; for bleu `counts` are n-gram counts of shape (n, 10), as in
    stats.corpus; for a quantile `q` is its level and failures are infinite. For a cost `values` are what requests cost,
    and `answered` is 1 for each that counts as answered (a part of 1 where a place stands for several), else 0.
    `groups` are cluster numbers, or None where each sample stands alone. Where the `repeats` of a sample have places of
    their own (macro_f1, f1), they are one group; of a cost, the requests of one sample. The aggregate f1 is that of the
    one class `label`, from the same `answers` and `targets`. `lost` places were not evaluated; their values stand for
    what they count as. `better` is where the better values lie.
    """

    aggregate: str
    values: Floats
    groups: Ints | None = None
    targets: Ints | None = None
    answers: Ints | None = None
    classes: int = 0
    q: float = 0.0
    counts: Floats | None = None
    repeats: int = 1
    label: int = -1
    lost: int = 0
    answered: Floats | None = None
    better: Better = Better.HIGHER

    @property
    def n(self) -> int:
        """How many places: the samples, or for macro_f1 their repeats."""
        return len(self.values)

    @property
    def goodness(self) -> Series:
        """A rate or a mean on a scale on which more is better; itself where that is so already."""
        return replace(self, values=1.0 - self.values, better=Better.HIGHER) if self.better is Better.LOWER else self

    @property
    def samples(self) -> int:
        """How many samples: asking one again brings no new one."""
        return self.n // self.repeats if self.aggregate in ("macro_f1", "f1") else self.n


@dataclass(frozen=True, slots=True)
class Pair:
    """Candidate and baseline on the same samples in the same order."""

    candidate: Series
    baseline: Series


@dataclass(frozen=True, slots=True)
class Settings:
    """What all analyses of a policy share. `anytime`: bounds must hold however often the samples are looked at."""

    alpha: float
    resamples: int
    seed: int
    min_samples: int
    anytime: bool = False


LEAST_PER_CLASS = 20
LEAST_OF_CLASS = 30
LEAST_GROUPS = 20


def least_samples(aggregate: str, settings: Settings) -> int:
    """Fewest samples on which a metric may PASS: bounds of the t and the bootstrap hold only from some size on."""
    floor = {"mean": 50, "macro_f1": 200, "f1": LEAST_OF_CLASS, "bleu": 200, "cost": 59}.get(aggregate, 0)
    return max(settings.min_samples, floor)


def weakness(series: Series, settings: Settings) -> str | None:
    """Why these samples cannot carry a PASS, in words; None where they can."""
    least = least_samples(series.aggregate, settings)
    if series.samples < least:
        return f"{series.samples} samples are too few to prove anything here; at least {least} are needed"
    if series.groups is not None and len(np.unique(series.groups)) < LEAST_GROUPS:
        found = len(np.unique(series.groups))
        return f"the samples come from only {found} groups; at least {LEAST_GROUPS} are needed"
    if series.aggregate == "macro_f1" and series.targets is not None:
        rarest = int(np.bincount(series.targets, minlength=series.classes).min()) // series.repeats
        if rarest < LEAST_PER_CLASS:
            return f"the rarest class has {rarest} samples; at least {LEAST_PER_CLASS} are needed"
    if series.aggregate == "f1" and series.targets is not None:
        support = int((series.targets == series.label).sum()) // series.repeats
        if support < LEAST_OF_CLASS:
            return f"the class has {support} samples; at least {LEAST_OF_CLASS} are needed"
    return None
