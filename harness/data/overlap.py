"""Texts of one side found in those of another: equal, near, or one inside the other. Places are numbers of texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness.core.words import word_length
from harness.data.minhash import Pairs, Texts, common_wording, near, sketch
from harness.data.shingles import Counts, Hashes, among, mixed, windows, words

GRAM = 13  # words, as for GPT-3
LEAST_WORDS = 8  # a shorter text is inside others by chance
MOST_SAMPLES = 10  # a stretch of words in more samples is no sample's own
_SCALES = (1.0, 1.5, 4.0)  # of scripts with spaces, ideographs, alphabets without spaces
_CHUNK = 4096
# Of one band, at most so many rows are looked at for one sample: more share what is no row's own.
_MOST_OF_BUCKET = 50


def near_across(texts: Texts, left: Counts, right: Counts, least: float) -> Pairs:
    """All pairs of a text of `left` and one of `right` (distinct, not empty) whose likeness is `least` or more."""
    common = common_wording(texts, np.concatenate([left, right]))
    a, b = sketch(texts, left, common), sketch(texts, right, common)
    codes = np.zeros(0, np.int64)
    for one, other in zip(a.bands, b.bands, strict=True):
        codes = np.union1d(codes, _meeting(one, other) @ np.array([max(1, len(right)), 1]))
    return near(texts, a, b, codes // max(1, len(right)), codes % max(1, len(right)), common, least)


def _meeting(left: Hashes, right: Hashes) -> Counts:
    """Places (left, right) of equal keys: of each right one the first _MOST_OF_BUCKET left ones."""
    order = np.argsort(left, kind="stable")
    held = left[order]
    begins = np.searchsorted(held, right)
    counts = np.minimum(np.searchsorted(held, right, "right") - begins, _MOST_OF_BUCKET)
    at = np.arange(counts.sum()) + np.repeat(begins - (np.cumsum(counts) - counts), counts)
    return np.stack([order[at], np.repeat(np.arange(len(right)), counts)], axis=1)


def inside(texts: Texts, rows: Counts, samples: Counts) -> Pairs:
    """Pairs of a row that holds a sample, and the share of the sample that it holds.

    A sample of GRAM words or more is held where a row has one of its stretches of GRAM words (GPT-3's rule); one of
    LEAST_WORDS or more where the row has all its words in their order. A stretch that stands in more than MOST_SAMPLES
    samples says nothing. Shorter samples are never held. In scripts without spaces a word is a character, and both
    numbers are times as high as it takes characters to make up a word.
    """
    grams = _grams_of(texts, samples)
    known = {size: np.unique(hashes) for size, (hashes, _) in grams.items() if len(hashes)}
    seen: dict[int, list[tuple[Hashes, Counts]]] = {size: [] for size in known}
    for at in range(0, len(rows), _CHUNK):
        hashes, ends = words(texts.take(rows[at : at + _CHUNK]))
        for size, wanted in known.items():
            found, row = _stretches(hashes, ends, size)
            hit = among(found, wanted)
            seen[size].append((found[hit], row[hit] + at))
    return _joined([_held(grams[size], seen[size], rows, samples) for size in known])


def _grams_of(texts: Texts, samples: Counts) -> dict[int, tuple[Hashes, Counts]]:
    """Stretches of the samples' words by their size, and each one's sample: all words of it, or a gram of them."""
    found: dict[int, list[tuple[Hashes, Counts]]] = {}
    cut: dict[int, list[tuple[Hashes, Counts]]] = {}
    for at in range(0, len(samples), _CHUNK):
        folded = texts.take(samples[at : at + _CHUNK])
        hashes, ends = words(folded)
        lengths, scales = np.diff(ends), _scales(folded, np.diff(ends))
        most = np.rint(GRAM * scales).astype(np.int64)
        sizes = np.where(lengths >= np.rint(LEAST_WORDS * scales), np.minimum(lengths, most), 0)
        for size in np.unique(sizes[sizes > 0]).tolist():
            grams, sample = _stretches(hashes, ends, size)
            fits, long = (sizes == size)[sample], (lengths >= most)[sample]
            for parts, chosen in ((cut, fits & long), (found, fits & ~long)):
                parts.setdefault(size, []).append((grams[chosen], sample[chosen] + at))
    return {size: _flat([_rare(*_flat(cut[size])), *found[size]]) for size in sorted(found)}


def _scales(folded: Sequence[str], lengths: Counts) -> npt.NDArray[np.float64]:
    """How many of its words make up one of a language with spaces, of each text: 1, or more without spaces."""
    scales = np.ones(len(folded))
    for at, text in enumerate(folded):
        if not text.isascii() and (length := word_length(text)):
            scales[at] = min(_SCALES, key=lambda scale: abs(scale - lengths[at] / length))
    return scales


def _rare(grams: Hashes, sample: Counts) -> tuple[Hashes, Counts]:
    each = np.unique(np.stack([grams, sample.astype(np.uint64)]), axis=1)
    _, inverse, counts = np.unique(each[0], return_inverse=True, return_counts=True)
    own = counts[inverse] <= MOST_SAMPLES
    return each[0][own], each[1][own].astype(np.int64)


def _stretches(hashes: Hashes, ends: Counts, size: int) -> tuple[Hashes, Counts]:
    """The hash of each stretch of `size` words within one text, and the number of the text."""
    row = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    whole = np.arange(len(hashes)) + size <= ends[1:][row]
    return mixed(windows(hashes, size)[whole]), row[whole]


def _held(grams: tuple[Hashes, Counts], seen: Sequence[tuple[Hashes, Counts]], rows: Counts, samples: Counts) -> Pairs:
    """Which row holds which sample, by the stretches that both have."""
    found, row = _flat(seen)
    each = np.unique(np.stack([found, row.astype(np.uint64)]), axis=1)
    values, begins, counts = np.unique(each[0], return_index=True, return_counts=True)
    wanted, sample = grams
    at = np.minimum(np.searchsorted(values, wanted), max(0, len(values) - 1))
    is_seen = values[at] == wanted if len(values) else np.zeros(len(wanted), bool)
    at, sample_of = at[is_seen], sample[is_seen]
    times = counts[at]
    places = np.arange(times.sum()) + np.repeat(begins[at] - (np.cumsum(times) - times), times)
    codes = each[1][places].astype(np.int64) * max(1, len(samples)) + np.repeat(sample_of, times)
    pairs, shared = np.unique(codes, return_counts=True)
    left, right = pairs // max(1, len(samples)), pairs % max(1, len(samples))
    share = shared / np.bincount(sample, minlength=len(samples))[right]
    return Pairs(rows[left], samples[right], np.asarray(np.minimum(share, 1.0), np.float64))


def _flat(parts: Sequence[tuple[Hashes, Counts]]) -> tuple[Hashes, Counts]:
    hashes = np.concatenate([np.zeros(0, np.uint64), *(part[0] for part in parts)])
    return hashes, np.concatenate([np.zeros(0, np.int64), *(part[1] for part in parts)])


def _joined(parts: Sequence[Pairs]) -> Pairs:
    none = Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    left, right, likeness = (
        np.concatenate([getattr(part, name) for part in (none, *parts)]) for name in Pairs.__slots__
    )
    return Pairs(left, right, likeness)
