"""One proportion and one mean: bounds and one-sided p-values.

Every bound is one-sided at confidence 1 - alpha; both bounds together are the two-sided interval at 1 - 2*alpha.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from harness.core.estimates import Estimate, Unestimable
from harness.stats import special

Floats = NDArray[np.float64]


def wilson(successes: int, n: int, alpha: float) -> tuple[float, float]:
    """Wilson score bounds (Wilson 1927)."""
    check_counts(successes, n)
    z = float(special.ndtri(1 - alpha))
    p, z2 = successes / n, z * z
    centre = (successes + z2 / 2) / (n + z2)
    half = z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def clopper_pearson(successes: int, n: int, alpha: float) -> tuple[float, float]:
    """Exact bounds (Clopper & Pearson 1934): for guarantees, because they never promise too much."""
    check_counts(successes, n)
    low = float(special.betaincinv(successes, n - successes + 1, alpha)) if successes else 0.0
    high = float(special.betaincinv(successes + 1, n - successes, 1 - alpha)) if successes < n else 1.0
    return low, high


def p_rate_below(successes: int, n: int, threshold: float) -> float:
    """Exact one-sided p of "the rate is below `threshold`": P(X <= successes) at the threshold."""
    check_counts(successes, n)
    return float(special.bdtr(successes, n, min(1.0, max(0.0, threshold))))


def p_rate_above(successes: int, n: int, threshold: float) -> float:
    """Exact one-sided p of "the rate is above `threshold`": P(X >= successes) at the threshold."""
    check_counts(successes, n)
    return float(special.bdtrc(successes - 1, n, min(1.0, max(0.0, threshold)))) if successes else 1.0


def rate(successes: int, n: int, alpha: float) -> Estimate | Unestimable:
    """A share with exact bounds."""
    if n == 0:
        return Unestimable("no samples")
    low, high = clopper_pearson(successes, n, alpha)
    return Estimate(successes / n, low, high, 1 - alpha, n, "Clopper-Pearson")


def f1_of_class(true_positives: int, errors: int, alpha: float) -> Estimate | Unestimable:
    """F1 of one class, `errors` being its false positives and false negatives together.

    Wilson bounds of Jaccard's J = TP/(TP + errors), which is binomial given the union, taken through
    F1 = 2J/(1+J) (Lam, Gopal & Qian, arXiv 2309.14621).
    """
    union = true_positives + errors
    if union == 0:
        return Unestimable("the class neither occurs nor was answered")
    low, high = wilson(true_positives, union, alpha)
    j = true_positives / union
    return Estimate(_f1(j), _f1(low), _f1(high), 1 - alpha, union, "Wilson on Jaccard")


def p_f1_below(true_positives: int, errors: int, threshold: float) -> float:
    """One-sided p of "the class's F1 is below `threshold`" by the score test that f1_of_class inverts."""
    distance, spread = _from_f1(true_positives, errors, threshold)
    return float(special.ndtr(distance / spread)) if spread else float(distance >= 0)


def p_f1_above(true_positives: int, errors: int, threshold: float) -> float:
    """One-sided p of "the class's F1 is above `threshold`" by the same test."""
    distance, spread = _from_f1(true_positives, errors, threshold)
    return float(special.ndtr(-distance / spread)) if spread else float(distance <= 0)


def _from_f1(true_positives: int, errors: int, threshold: float) -> tuple[float, float]:
    """How far Jaccard's J lies above the one at the threshold, and its standard error there."""
    union, t = true_positives + errors, min(1.0, max(0.0, threshold))
    wanted = t / (2 - t)
    return true_positives / union - wanted, math.sqrt(wanted * (1 - wanted) / union)


def mean(
    values: Floats, groups: NDArray[np.int64] | None, alpha: float, worst: float = 0.0, best: float = 1.0
) -> Estimate | Unestimable:
    """A mean of scores that lie between `worst` and `best`, with t bounds that allow for what was not seen.

    Each bound counts one sample more, the worst (or best) that there is: fifty perfect scores, or forty-nine and one
    nearly so, do not show that no sample fails. With `groups` (cluster numbers) it is one group more, as large as the
    others, the standard error is clustered, and df = G - 1.
    """
    reason = _no_mean(values, groups)
    if reason:
        return Unestimable(reason, len(values))
    centre, limits = float(values.mean()), []
    for extreme, side in ((worst, -1), (best, 1)):
        shifted, error, freedom = _with_one_more(values, groups, extreme)
        limits.append(shifted + side * float(special.stdtrit(freedom, 1 - alpha)) * error)
    low, high = max(min(worst, centre), min(limits[0], centre)), min(max(best, centre), max(limits[1], centre))
    method = "t" if groups is None else f"clustered t, {len(np.unique(groups))} groups"
    return Estimate(centre, low, high, 1 - alpha, len(values), method)


def p_mean_below(values: Floats, groups: NDArray[np.int64] | None, threshold: float, best: float = 1.0) -> float | None:
    """One-sided p of "the mean is below `threshold`", with one best sample more; None where there is no mean."""
    if _no_mean(values, groups):
        return None
    centre, error, freedom = _with_one_more(values, groups, best)
    return float(special.stdtr(freedom, (centre - threshold) / error)) if error > 0 else 1.0


def p_mean_above(
    values: Floats, groups: NDArray[np.int64] | None, threshold: float, worst: float = 0.0
) -> float | None:
    """One-sided p of "the mean is above `threshold`", with one worst sample more."""
    return p_mean_below(-values, groups, -threshold, -worst)


def _no_mean(values: Floats, groups: NDArray[np.int64] | None) -> str:
    """Why these scores have no mean with bounds; "" where they have."""
    if len(values) < 2:
        return "fewer than two samples"
    if not np.isfinite(values).all():
        return "a score is not a number"
    return "all samples come from one group" if groups is not None and len(np.unique(groups)) < 2 else ""


def _with_one_more(values: Floats, groups: NDArray[np.int64] | None, extreme: float) -> tuple[float, float, int]:
    """Mean, standard error and the degrees of freedom of the samples that are real."""
    size = 1 if groups is None else round(len(values) / len(np.unique(groups)))
    more = np.append(values, np.full(size, extreme))
    clusters = None if groups is None else np.append(groups, np.full(size, groups.max() + 1))
    error, freedom = standard_error(more, clusters)
    return float(more.mean()), error, freedom - 1


def standard_error(values: Floats, groups: NDArray[np.int64] | None) -> tuple[float, int]:
    """Standard error of a mean and its degrees of freedom (Miller, arXiv 2411.00640; G/(G-1) corrected)."""
    n = len(values)
    if groups is None:
        return float(values.std(ddof=1)) / math.sqrt(n), n - 1
    sums = np.bincount(groups, weights=values - values.mean())
    clusters = int(np.count_nonzero(np.bincount(groups)))
    if clusters < 2:
        return 0.0, 1
    return float(math.sqrt(float((sums**2).sum()) * clusters / (clusters - 1)) / n), clusters - 1


def _f1(j: float) -> float:
    return 2 * j / (1 + j)


def check_counts(successes: int, n: int) -> None:
    """Raises ValueError where `successes` of `n` is no proportion."""
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"{successes} of {n} is no proportion")
