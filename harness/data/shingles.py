"""Texts as hashes of their characters and words, by numpy over many texts at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from harness.core.words import runs, unspaced_characters

Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

SHINGLE = 5  # characters
WORDING = 24  # characters that many rows share are the template's wording, not the row's
WORDING_ROWS = 20
WORDING_SHARE = 0.05
LEAST_OWN = 8  # stretches; a text with fewer of its own, such as a number, is a copy of the wording
MOST_DRAWN = 2000

_LAST_SPACED = 0xE00  # the scripts without spaces come behind it
_FACTOR = 0x9E3779B97F4A7C15
_ASCII = {code: " " for code in range(128) if not chr(code).isalnum()}


def fold(text: str) -> str:
    """The words of a text, without case, punctuation and forms of characters; a text without any word as it stands.

    What is written without spaces stays so.
    """
    found = " ".join(text.lower().translate(_ASCII).split() if text.isascii() else runs(text))
    return found or text.replace("\0", " ").strip()


def mixed(hashes: Hashes) -> Hashes:
    """Each hash scrambled, so that all its bits depend on all bits (the finaliser of splitmix64)."""
    found = hashes ^ (hashes >> np.uint64(30))
    found *= np.uint64(0xBF58476D1CE4E5B9)
    found ^= found >> np.uint64(27)
    found *= np.uint64(0x94D049BB133111EB)
    found ^= found >> np.uint64(31)
    return found


def windows(values: Hashes, length: int) -> Hashes:
    """A hash of the `length` values from each place on; what lies behind the end counts as 0. Not scrambled yet."""
    found, have, doubled, size = np.zeros_like(values), 0, values, 1
    while True:
        if length & size:
            found += _shifted(doubled, have) * np.uint64(pow(_FACTOR, have, 1 << 64))
            have += size
        if have == length:
            return found
        doubled = doubled + _shifted(doubled, size) * np.uint64(pow(_FACTOR, size, 1 << 64))
        size *= 2


def _shifted(values: Hashes, by: int) -> Hashes:
    if not by:
        return values
    found = np.zeros_like(values)
    found[:-by] = values[by:]
    return found


@dataclass(frozen=True, slots=True)
class Characters:
    """The characters of texts, one after another, WORDING zeros behind each; where each text starts, how long it is."""

    codes: Hashes
    starts: Counts
    lengths: Counts

    @classmethod
    def of(cls, texts: Sequence[str]) -> Characters:
        """Of folded texts."""
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        gap = "\0" * WORDING
        raw = (gap.join(texts) + gap).encode("utf-32-le", "replace")
        starts = np.concatenate([[0], np.cumsum(lengths + WORDING)[:-1]]) if len(texts) else lengths
        return cls(np.frombuffer(raw, np.uint32).astype(np.uint64), starts, lengths)

    def rows(self, lengths: Counts) -> Counts:
        """The number of the text at each of the first `lengths` places of every text."""
        return np.repeat(np.arange(len(self.starts)), lengths)

    def places(self, lengths: Counts) -> Counts:
        """The first `lengths` places of every text."""
        before = np.cumsum(lengths) - lengths
        return np.asarray(np.arange(int(lengths.sum())) + np.repeat(self.starts - before, lengths))


def wordings(texts: Sequence[str]) -> Hashes:
    """Hashes of the stretches of WORDING characters that one text in twenty holds, sorted. `texts` are folded."""
    drawn = texts[:: max(1, len(texts) // MOST_DRAWN)]
    found = Characters.of(drawn)
    lengths = np.maximum(found.lengths - WORDING + 1, 0)
    hashes = mixed(windows(found.codes, WORDING)[found.places(lengths)])
    each = np.unique(np.stack([hashes, found.rows(lengths).astype(np.uint64)]), axis=1)[0]
    values, counts = np.unique(each, return_counts=True)
    return values[counts >= max(WORDING_ROWS, WORDING_SHARE * len(drawn))]


def shingles(texts: Sequence[str], common: Hashes) -> tuple[Hashes, Counts]:
    """The hashes of every text's stretches of SHINGLE characters, and where each text's begin (and the last one's end).

    A stretch within `common` wording is left out, unless the text has hardly anything else. A shorter text is one
    stretch. `texts` are folded.
    """
    found = Characters.of(texts)
    lengths = np.maximum(found.lengths - SHINGLE + 1, (found.lengths > 0).astype(np.int64))
    places, rows = found.places(lengths), found.rows(lengths)
    hashes = mixed(windows(found.codes, SHINGLE)[places])
    if len(common):
        own = _own(found, common)[places]
        own |= (np.bincount(rows, own, len(texts)) < LEAST_OWN)[rows]
        hashes, rows = hashes[own], rows[own]
    return hashes, np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(texts)))])


def _own(found: Characters, common: Hashes) -> npt.NDArray[np.bool_]:
    """Whether the stretch from each place on holds a character that is not common wording."""
    begins = among(mixed(windows(found.codes, WORDING)), common)
    change = np.zeros(len(begins) + WORDING, np.int32)
    change[: len(begins)] += begins
    change[WORDING:] -= begins
    own = np.concatenate([[0], np.cumsum(np.cumsum(change[: len(begins)]) == 0)])
    ends = np.minimum(np.arange(len(begins)) + SHINGLE, len(begins))
    return np.asarray(own[ends] > own[:-1])


def among(hashes: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    """Whether each hash is one of the `known` ones (sorted). Quick where few are: most are told by their top bits."""
    if not len(known):
        return np.zeros(len(hashes), bool)
    shift = np.uint64(64 - max(16, min(26, len(known).bit_length() + 4)))
    table = np.zeros(1 << (64 - int(shift)), bool)
    table[known >> shift] = True
    found = table[hashes >> shift]
    maybe = np.flatnonzero(found)
    at = np.minimum(np.searchsorted(known, hashes[maybe]), len(known) - 1)
    found[maybe] = known[at] == hashes[maybe]
    return np.asarray(found)


def words(texts: Sequence[str]) -> tuple[Hashes, Counts]:
    """The hash of every word of every text, and where each text's begin (and the last one's end). Folded texts.

    Of scripts without spaces each character is a word.
    """
    found = Characters.of(texts)
    codes = found.codes
    inside = (codes != 0) & (codes != ord(" "))
    begin = inside & ~np.concatenate([[False], inside[:-1]])
    if len(codes) and codes.max() > _LAST_SPACED:
        begin |= _unspaced()[codes]
    end = inside & ~np.concatenate([inside[1:] & ~begin[1:], [False]])
    begins, ends = np.flatnonzero(begin), np.flatnonzero(end) + 1
    # Each character times a power of its place in the word, so that the sums of words can be told apart.
    place = np.arange(int((ends - begins).sum())) - np.repeat(np.cumsum(ends - begins) - (ends - begins), ends - begins)
    weighted = np.zeros(len(codes) + 1, np.uint64)
    weighted[1:][inside] = codes[inside] * _powers(int((ends - begins).max(initial=0)))[place]
    sums = np.cumsum(weighted, dtype=np.uint64)
    return mixed(sums[ends] - sums[begins]), np.searchsorted(begins, np.append(found.starts, len(codes)))


@cache
def _unspaced() -> npt.NDArray[np.bool_]:
    """Whether each character is a word of its own."""
    found = np.zeros(0x110000, bool)
    found[np.fromiter(unspaced_characters(), np.int64)] = True
    return found


def _powers(count: int) -> Hashes:
    found = np.full(count + 1, _FACTOR, np.uint64)
    found[0] = 1
    return np.cumprod(found, dtype=np.uint64)
