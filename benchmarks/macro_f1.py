"""How long a comparison of two models by macro-F1 takes: 9,999 resamples of 10,000 samples in 20 classes."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from harness.stats.analysis import difference
from harness.stats.series import Pair, Series, Settings

CLASSES = 20


def measure(samples: int = 10_000, resamples: int = 9_999, times: int = 5) -> dict[str, Any]:
    """The median seconds, with the range; the candidate answers otherwise than the baseline on one sample in seven."""
    rng = np.random.default_rng(1)
    targets = rng.integers(0, CLASSES, samples)
    theirs = np.where(rng.random(samples) < 0.8, targets, rng.integers(0, CLASSES, samples))
    ours = np.where(rng.random(samples) < 0.85, theirs, rng.integers(0, CLASSES, samples))
    pair = Pair(*(_series(targets, answers) for answers in (ours, theirs)))
    seconds = []
    for seed in range(times):
        began = time.perf_counter()
        difference(pair, Settings(0.05, resamples, seed, 30))
        seconds.append(time.perf_counter() - began)
    named = {"value": statistics.median(seconds), "range": [min(seconds), max(seconds)], "times": times}
    return {"bootstrap_macro_f1_seconds": named}


def _series(targets: np.ndarray[Any, Any], answers: np.ndarray[Any, Any]) -> Series:
    return Series("macro_f1", (targets == answers).astype(np.float64), None, targets, answers, CLASSES)
