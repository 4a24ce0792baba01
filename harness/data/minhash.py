"""Near-equal texts: MinHash finds the pairs that may be, their true likeness decides.

Two texts are near where the Jaccard likeness of their stretches of five characters is at least NEAR (shingles.py):
about one word changed in ten. The chance that a pair of likeness 0.7 is looked at is 0.990, of 0.8 above 0.9999.
Nothing is drawn but from fixed seeds.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from harness.data.shingles import Counts, Hashes, fold, mixed, shingles, wordings

NEAR = 0.7
PERMUTATIONS = 128
_BANDS, _WIDTH = 25, 5
_SEED = 42
_CHUNK = 512
# Signatures are off by 0.04 (one standard deviation of their likeness): four of them below is no near pair.
_SLACK = 0.16
# Of a bucket, each text is compared with the first and with those so few places before: never all with all.
_NEIGHBOURS = 4

Likenesses = npt.NDArray[np.float64]


class Texts:
    """Folded texts, one after another in one block of bytes; `keys` holds a hash of each."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self._block, self._ends, self._keys = bytearray(), array("q", [0]), array("Q")
        self.add(texts)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, texts: Sequence[str]) -> None:
        """Take in the next texts, folded here."""
        for text in texts:
            data = fold(text).encode("utf-8", "replace")
            self._block += data
            self._ends.append(len(self._block))
            self._keys.append(int.from_bytes(blake2b(data, digest_size=8).digest(), "little"))

    def keep(self, count: int) -> None:
        """Forget all but the first `count` texts."""
        del self._keys[count:], self._ends[count + 1 :]
        del self._block[self._ends[count] :]

    def take(self, places: Sequence[int] | Counts) -> list[str]:
        """The folded texts at these places."""
        return [self._block[self._ends[i] : self._ends[i + 1]].decode() for i in places]

    @property
    def keys(self) -> Hashes:
        """Equal for equal folded texts."""
        return np.array(self._keys, np.uint64)

    def firsts(self) -> tuple[Counts, Counts]:
        """The first place of every distinct text that is not empty, in order, and of every text its first place."""
        _, first, inverse = np.unique(self.keys, return_index=True, return_inverse=True)
        lengths = np.diff(np.array(self._ends, np.int64))
        return np.sort(first[lengths[first] > 0]), first[inverse]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Places of two texts each (`left` < `right` where both are of one kind), and their likeness, 0 to 1."""

    left: Counts
    right: Counts
    likeness: Likenesses

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True, slots=True)
class Sketch:
    """Signatures of the texts at `places`: a key for each band (bands × texts), and one byte of each permutation."""

    places: Counts
    bands: Hashes
    lanes: npt.NDArray[np.uint8]


def common_wording(texts: Texts, places: Counts) -> Hashes:
    """Hashes of the wording that so many texts share that it does not count."""
    return wordings(texts.take(places[:: max(1, len(places) // 2000)]))


def sketch(texts: Texts, places: Counts, common: Hashes) -> Sketch:
    """Sign the texts at these places, none of them empty."""
    from rensa import RMinHash

    bands = np.empty((_BANDS, len(places)), np.uint64)
    lanes = np.empty((len(places), PERMUTATIONS), np.uint8)
    for at in range(0, len(places), _CHUNK):
        hashes, ends = shingles(texts.take(places[at : at + _CHUNK]), common)
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends.astype(np.uint64), PERMUTATIONS, _SEED)
        rows = np.array(matrix.to_rows(), np.uint32)
        lanes[at : at + _CHUNK] = (rows & 0xFF).astype(np.uint8)
        bands[:, at : at + _CHUNK] = _keys(rows).T
    return Sketch(places, bands, lanes)


def _keys(rows: npt.NDArray[np.uint32]) -> Hashes:
    values = mixed(rows[:, : _BANDS * _WIDTH].astype(np.uint64) + np.uint64(1)).reshape(len(rows), _BANDS, _WIDTH)
    found = values[:, :, 0].copy()
    for column in range(1, _WIDTH):
        found = mixed(found + values[:, :, column])
    return found


def links(texts: Texts) -> Pairs:
    """Near and equal pairs: enough to reach every text from every other of its group, not all there are."""
    places, first = texts.firsts()
    again = np.flatnonzero(first != np.arange(len(texts)))
    again = again[np.isin(first[again], places)]
    common = common_wording(texts, places)
    signed = sketch(texts, places, common)
    found, root = [Pairs(first[again], again, np.ones(len(again)))], np.arange(len(places))
    tested = np.zeros(0, np.int64)
    for keys in signed.bands:
        left, right = _of_buckets(keys)
        apart = root[left] != root[right]
        codes = np.unique(left[apart] * len(places) + right[apart])
        codes = codes[~np.isin(codes, tested, assume_unique=True)]
        tested = np.union1d(tested, codes)
        pairs = near(texts, signed, signed, codes // len(places), codes % len(places), common)
        _join(root, np.searchsorted(places, pairs.left), np.searchsorted(places, pairs.right))
        found.append(pairs)
    return Pairs(*(np.concatenate([getattr(pairs, name) for pairs in found]) for name in Pairs.__slots__))


def _of_buckets(keys: Hashes) -> tuple[Counts, Counts]:
    """Pairs of places with equal keys, the smaller place left."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    begins = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(keys) else np.zeros(0, bool)
    bucket = np.maximum.accumulate(np.where(begins, np.arange(len(keys)), 0))
    lefts, rights = [order[bucket]], [order]
    for back in range(1, _NEIGHBOURS + 1):
        inside = np.flatnonzero(np.arange(len(keys)) - bucket >= back)
        lefts.append(order[inside - back])
        rights.append(order[inside])
    left, right = np.concatenate(lefts), np.concatenate(rights)
    return left[left != right], right[left != right]


def near(texts: Texts, a: Sketch, b: Sketch, left: Counts, right: Counts, common: Hashes, least: float = NEAR) -> Pairs:
    """Those of the pairs (places within the two sketches) whose likeness is `least` or more, as places of the texts."""
    kept = []
    for at in range(0, len(left), 1 << 16):
        part = slice(at, at + (1 << 16))
        equal = (a.lanes[left[part]] == b.lanes[right[part]]).mean(axis=1)
        kept.append(at + np.flatnonzero(equal >= least - _SLACK))
    chosen = np.concatenate(kept) if kept else np.zeros(0, np.int64)
    first, second = a.places[left[chosen]], b.places[right[chosen]]
    likeness = np.concatenate([np.zeros(0), *_likenesses(texts, first, second, common)])
    near_enough = likeness >= least
    return Pairs(first[near_enough], second[near_enough], likeness[near_enough])


def _likenesses(texts: Texts, left: Counts, right: Counts, common: Hashes) -> Iterator[Likenesses]:
    for at in range(0, len(left), 2 * _CHUNK):
        part = slice(at, at + 2 * _CHUNK)
        places, inverse = np.unique(np.concatenate([left[part], right[part]]), return_inverse=True)
        count = len(left[part])
        hashes, ends = shingles(texts.take(places), common)
        yield jaccard(hashes, ends, inverse[:count], inverse[count:])


def jaccard(hashes: Hashes, ends: Counts, left: Counts, right: Counts) -> Likenesses:
    """The likeness of the sets left[i] and right[i]; set k holds hashes[ends[k]:ends[k + 1]], repeats allowed."""
    values, ids = np.unique(hashes, return_inverse=True)
    size, rows = max(1, len(values)), np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    each = np.unique(rows * size + ids)
    begins = np.searchsorted(each, np.arange(len(ends)) * size)
    counts = np.diff(begins)
    sides = []
    for side in (left, right):
        lengths = counts[side]
        places = np.arange(lengths.sum()) + np.repeat(begins[side] - (np.cumsum(lengths) - lengths), lengths)
        sides.append(np.repeat(np.arange(len(side)), lengths) * size + each[places] % size)
    both = np.isin(sides[0], sides[1], assume_unique=True)
    shared = np.bincount(sides[0][both] // size, minlength=len(left))
    return np.asarray(shared / np.maximum(1, counts[left] + counts[right] - shared))


def _join(root: Counts, left: Counts, right: Counts) -> None:
    """Put both sides of each pair under one root, the smallest place, in `root` itself."""
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        ends = []
        for place in (one, other):
            while root[place] != place:
                root[place] = root[root[place]]
                place = int(root[place])
            ends.append(place)
        root[max(ends)] = min(ends)
    while not np.array_equal(above := root[root], root):
        root[:] = above


def groups_of(pairs: Pairs, count: int) -> Counts:
    """Of each of `count` texts the first place of its group; its own where it is near to none."""
    root = np.arange(count)
    _join(root, pairs.left, pairs.right)
    return root


def groups(texts: Sequence[str]) -> list[int]:
    """The group of each text: the place of the first text that it is near to, directly or through others."""
    held = Texts(texts)
    return [int(place) for place in groups_of(links(held), len(held))]
