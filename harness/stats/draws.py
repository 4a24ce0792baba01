"""Sums over units drawn with replacement, for many resamples at once.

A resample is a multinomial draw over the kinds of unit. Where there are many kinds, a draw of each costs too much, and
this is faster by much: every kind comes a Poisson number of times, with means a little too small, and what then lacks
is drawn unit by unit. Poisson counts of a given total are multinomial, so the whole is exactly that draw.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_CHUNK = 1_500_000
_EXACT_IN_FLOAT32 = 2**24
_STEPS = 2**16
_LARGE = 12.0


def sums(rows: NDArray[Any], times: Ints, resamples: int, seed: int) -> NDArray[Any]:
    """Sums (resamples, k) of `rows` (kinds, k), of which kind i occurs `times[i]` >= 1 times.

    Each resample draws as many units as there are. Sums are float32 where that holds them exactly, else float64.
    """
    n, order = int(times.sum()), np.argsort(times, kind="stable")
    small = bool((rows == np.rint(rows)).all()) and float(np.abs(rows).max(initial=1)) * n < _EXACT_IN_FLOAT32
    exact = np.float32 if small else np.float64
    ordered, times = rows[order].astype(exact), times[order]
    rng, step = np.random.default_rng(seed), max(1, _CHUNK // len(times))
    found = np.empty((resamples, rows.shape[1]), dtype=exact)
    for start in range(0, resamples, step):
        part = found[start : start + step]
        drawn = _drawn(rng, times, n, len(part), exact)
        np.matmul(drawn, ordered, out=part)
    return found


def _drawn(rng: np.random.Generator, times: Ints, n: int, size: int, exact: type) -> NDArray[Any]:
    """How often each kind comes in each resample (size, kinds); `times` are in ascending order."""
    if len(times) <= math.isqrt(n):
        return rng.multinomial(n, times / n, size=size).astype(exact)
    share = max(0.0, 1 - 3 / math.sqrt(n))
    counts = _poisson(rng, times, share, size, exact)
    too_many = np.flatnonzero(counts.sum(axis=1) > n)
    while len(too_many):
        counts[too_many] = _poisson(rng, times, share, len(too_many), exact)
        too_many = too_many[counts[too_many].sum(axis=1) > n]
    counts += _one_by_one(rng, times, n - counts.sum(axis=1).astype(np.int64))
    return counts


def _poisson(rng: np.random.Generator, times: Ints, share: float, size: int, exact: type) -> NDArray[Any]:
    """Poisson counts (size, kinds) with means `share * times`."""
    counts: NDArray[Any] = np.zeros((size, len(times)), dtype=exact)
    if share == 0:
        return counts
    different, starts = np.unique(times, return_index=True)
    for time, start, end in zip(different, starts, [*starts[1:], len(times)], strict=True):
        mean, shape = share * float(time), (size, int(end - start))
        counts[:, start:end] = rng.poisson(mean, shape) if mean > _LARGE else _small_poisson(rng, mean, shape)
    return counts


def _small_poisson(rng: np.random.Generator, mean: float, shape: tuple[int, int]) -> NDArray[np.int8]:
    """Poisson counts by a table of 65,536 equally likely places.

    A value has as many whole places as its probability fills. The few places that are left stand for a second draw,
    from what the values' probabilities have left over; so no probability is rounded.
    """
    values = np.arange(64)
    chance = np.exp(-mean + values * math.log(mean) - np.array([math.lgamma(value + 1) for value in values]))
    whole = np.floor(chance * _STEPS)
    again, rest = int(_STEPS - whole.sum()), chance * _STEPS - whole
    table = np.repeat(np.append(values, -1), np.append(whole, again).astype(np.int64))
    found: NDArray[np.int8] = table.astype(np.int8).take(_places(rng, shape))
    open_places = found < 0
    found[open_places] = rng.choice(values, size=int(open_places.sum()), p=rest / rest.sum())
    return found


def _places(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.uint16]:
    """Equally likely numbers below 65,536, four from each word that the generator gives: half the time."""
    wanted = shape[0] * shape[1]
    words = rng.integers(0, 2**64 - 1, size=-(-wanted // 4), dtype=np.uint64, endpoint=True)
    return words.view(np.uint16)[:wanted].reshape(shape)


def _one_by_one(rng: np.random.Generator, times: Ints, wanted: Ints) -> Ints:
    """How often each kind comes in `wanted[i]` draws of a unit (resamples, kinds)."""
    kind = np.repeat(np.arange(len(times)), times)
    small = np.uint16 if len(kind) <= _STEPS - 1 else np.int64
    place = kind.take(rng.integers(0, len(kind), size=int(wanted.sum()), dtype=small))
    place += np.repeat(np.arange(len(wanted)) * len(times), wanted)
    return np.bincount(place, minlength=len(wanted) * len(times)).reshape(len(wanted), len(times))
