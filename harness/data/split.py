"""Which side of a split each row goes to: deterministic, and no row moves when others are added.

A row's side is read off a salted hash of its group, or of its normalised input where no group is asked for, and so
depends on no other row: the shares are kept on average, in every label alike, and not to the row. Two rules come on
top, in the rows' order. Rows of one group, or with equal or nearly equal inputs, go where the first of them went. A row
that this draws to two sides (it joins what was apart before) goes to neither: it is left out and told, as moving an
older row would be worse. What an earlier split placed stays there, whatever comes before it now.

So rows may be added behind the others in a split made anew, and anywhere in one that is made into the earlier's folder.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import ConfigError, Problem
from harness.core.samples import Json
from harness.data.shingles import mixed

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class Side(IntEnum):
    """Where a row goes; LEFT_OUT is near rows of two sides."""

    LEFT_OUT = -1
    TRAIN = 0
    VALIDATION = 1
    TEST = 2


SIDES = (Side.TRAIN, Side.VALIDATION, Side.TEST)


@dataclass(frozen=True, slots=True)
class Shares:
    """The sides' shares of the rows; they sum to 1, and training has some."""

    train: float
    validation: float
    test: float

    @classmethod
    def read(cls, text: str) -> Shares:
        """Of "80/10/10": three numbers of any scale. Raises ConfigError."""
        parts = text.split("/")
        if len(parts) == 3 and all(re.fullmatch(r"[0-9]+(\.[0-9]+)?", part.strip()) for part in parts):
            numbers = [float(part) for part in parts]
            if numbers[0] > 0:
                return cls(*(number / sum(numbers) for number in numbers))
        hint = "Write them as train/validation/test: 80/10/10."
        raise ConfigError(Problem(f'the shares "{text}" are not three numbers with some for training.', hint=hint))

    @property
    def edges(self) -> tuple[float, float]:
        """Where validation and test begin in [0, 1)."""
        return self.train, self.train + self.validation


def hash_of(text: str) -> int:
    """64 bits, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def salted(hashes: Hashes, salt: str) -> Hashes:
    """Other hashes for every salt."""
    return mixed(mixed(hashes) ^ np.uint64(hash_of(salt)))


def sides_of(hashes: Hashes, shares: Shares) -> Ints:
    """The side of each hash by itself."""
    at = hashes.astype(np.float64) / 2.0**64
    return _beyond(at, shares.edges)


def sides_by_time(times: NDArray[np.float64], cuts: tuple[float, float]) -> Ints:
    """Training up to the first cut, validation up to the second, test after it."""
    return np.asarray(np.searchsorted(np.array(cuts), times, side="left"), dtype=np.int64)


def cuts_of(times: NDArray[np.float64], shares: Shares) -> tuple[float, float]:
    """The times of the last row of training and of validation. `times` is not empty."""
    first, second = np.quantile(times, [min(edge, 1.0) for edge in shares.edges], method="inverted_cdf")
    return float(first), float(second)


def _beyond(at: NDArray[np.float64], edges: tuple[float, float]) -> Ints:
    return np.asarray(np.searchsorted(np.array(edges), at, side="right"), dtype=np.int64).clip(0, 2)


def time_of(value: Json) -> float | None:
    """Seconds since 1970 of a number or an ISO 8601 date (UTC where it names no zone); None for all else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if np.isfinite(value) else None
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True, slots=True)
class Bonds:
    """What holds rows together, in their order. `texts` and `groups` are numbers, equal for what is held as one.

    `groups` is None where none were asked for. `near` are pairs of texts that are nearly equal.
    """

    texts: Ints
    groups: Ints | None = None
    near: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier split did: `rows` has the side of each row now, -1 for new ones; `groups` that of each number."""

    rows: Ints
    groups: Mapping[int, int] = field(default_factory=dict)


def placed(own: Ints, bonds: Bonds, earlier: Earlier | None = None, *, strict: bool = False) -> Ints:
    """The side of each row. `own` is what it would be by itself; with `strict` (by time) it goes there or nowhere.

    No two rows with equal or near texts or of one group come out on different sides, other than by `earlier`.
    """
    fixed = np.full(len(own), -1) if earlier is None else earlier.rows
    groups = dict(earlier.groups) if earlier else {}
    texts: dict[int, set[int]] = {}
    for row in np.flatnonzero(fixed >= 0).tolist():
        texts.setdefault(int(bonds.texts[row]), set()).add(int(fixed[row]))
    near, sides = _neighbours(bonds.near), own.copy()
    numbers = bonds.texts.tolist()
    grouped: Iterable[int | None] = [None] * len(numbers) if bonds.groups is None else bonds.groups.tolist()
    for row, (text, group, old, alone) in enumerate(zip(numbers, grouped, fixed.tolist(), own.tolist(), strict=True)):
        drawn = {old} if old >= 0 else set().union(*(texts.get(one, ()) for one in (text, *near.get(text, ()))))
        if group in groups:
            drawn.add(groups[group])
        if strict and old < 0:
            drawn.add(alone)
        side = alone if not drawn else Side.LEFT_OUT if len(drawn) > 1 else drawn.pop()
        sides[row] = side
        if side != Side.LEFT_OUT:
            texts.setdefault(text, set()).add(side)
            if group is not None:
                groups.setdefault(group, side)
    return sides


def _neighbours(pairs: Iterable[tuple[int, int]]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for one, other in pairs:
        found.setdefault(one, []).append(other)
        found.setdefault(other, []).append(one)
    return found
