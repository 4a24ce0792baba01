"""Which confusions moved: tests on a square table of one classification against another of the same samples.

Rows and columns are the same classes in the same order; a cell is a count of samples.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.stats import special

Ints = NDArray[np.int64]


class ChiSquared(NamedTuple):
    """A statistic, its degrees of freedom and its p-value; 0, 0 and 1 where nothing lies off the diagonal."""

    statistic: float
    freedom: int
    p: float


def bowker(table: Ints) -> ChiSquared:
    """Symmetry: is every confusion of one class for another as frequent as its reverse? (Bowker 1948, JASA 43:572).

    Pairs of classes that were never confused carry no information and no degree of freedom.
    """
    counts = _square(table)
    upper = np.triu_indices(len(counts), 1)
    here, there = counts[upper], counts.T[upper]
    both = here + there
    seen = both > 0
    return _test(float((((here - there) ** 2)[seen] / both[seen]).sum()), int(seen.sum()))


def stuart_maxwell(table: Ints) -> ChiSquared:
    """Marginal homogeneity: is each class as frequent in the rows as in the columns? (Stuart 1955, Maxwell 1970).

    Classes that are never confused drop out, and the degrees of freedom with them.
    """
    counts = _square(table)
    change = counts.sum(axis=1) - counts.sum(axis=0)
    moved = counts + counts.T - 2 * np.diag(np.diag(counts))
    # One class in each set of classes that are confused with each other follows from the rest, so this has no inverse.
    covariance = np.diag(moved.sum(axis=1)) - moved
    rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
    return _test(float(change @ np.linalg.pinv(covariance, hermitian=True) @ change), rank)


def _square(table: Ints) -> NDArray[np.float64]:
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError("a table of confusions is square, of counts")
    return counts


def _test(statistic: float, freedom: int) -> ChiSquared:
    return ChiSquared(statistic, freedom, float(special.chdtrc(freedom, statistic)) if freedom else 1.0)
