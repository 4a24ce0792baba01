"""One model's metric, or the difference of two, with bounds, p-values and the noise of the method itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from harness.core.directions import Better
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.stats import bootstrap, corpus, totals
from harness.stats.bca import widened
from harness.stats.intervals import (
    Floats,
    f1_of_class,
    mean,
    p_f1_above,
    p_f1_below,
    p_mean_above,
    p_mean_below,
    p_rate_above,
    p_rate_below,
    rate,
)
from harness.stats.paired import p_below as tango_p_below
from harness.stats.paired import table_of, tango
from harness.stats.quantiles import p_quantile_above, quantile
from harness.stats.series import Ints, Pair, Series, Settings

# Fewer samples cannot PASS and are too few for a bootstrap; of more, the mean is normal enough for t.
FOR_BCA = range(50, 2_001)


@dataclass(frozen=True, slots=True)
class Analysis:
    """Evidence, and how to test it against a bound.

    `p_below(t)` and `p_above(t)` are one-sided p-values of "the truth is below / above t", None where there is no such
    test. `noise` is the Monte-Carlo standard error of the bounds, None where nothing was drawn.
    """

    evidence: Estimate | Comparison | Unestimable
    p_below: Callable[[float], float | None]
    p_above: Callable[[float], float | None]
    noise: float | None = None


def absolute(series: Series, settings: Settings) -> Analysis:
    """One model's metric."""
    undefined = _undefined(series)
    if undefined:
        return _unknown(undefined, series.n)
    plain = series.aggregate == "rate" and series.groups is None  # its exact bounds are the same from either end
    if series.better is Better.LOWER and series.aggregate in ("rate", "mean") and not plain:
        return _turned(absolute(series.goodness, settings))
    if settings.anytime:
        from harness.stats import anytime

        return anytime.absolute(series, settings)
    if series.aggregate == "quantile":
        evidence = quantile(series.values, series.q, settings.alpha)
        return Analysis(evidence, _none, lambda t: p_quantile_above(series.values, series.q, t))
    if series.aggregate == "macro_f1":
        return _macro_f1(series, settings)
    if series.aggregate == "f1":
        return _f1(series, settings)
    if series.aggregate == "bleu":
        return _bleu(series, settings)
    if series.aggregate == "cost":
        return _totals(totals.per_answered(series, settings), series, settings)
    if plain:
        right, n = int(series.values.sum()), series.n
        evidence = rate(right, n, settings.alpha)
        return Analysis(evidence, lambda t: p_rate_below(right, n, t), lambda t: p_rate_above(right, n, t))
    return _mean(series.values, series.groups, settings)


def share(pair: Pair, settings: Settings) -> Analysis:
    """The candidate's cost as a share of the baseline's, paired where both have the same samples."""
    undefined = _undefined(pair.candidate) or _undefined(pair.baseline)
    if undefined:
        return _unknown(undefined, pair.candidate.n)
    return _totals(totals.share(pair, settings), pair.candidate, settings)


def difference(pair: Pair, settings: Settings) -> Analysis:
    """By how much the candidate is better than the baseline on the same samples: candidate minus baseline, and where
    lower is better baseline minus candidate. Both sides' own values stay as they are."""
    ours, theirs = pair.candidate, pair.baseline
    if ours.n != theirs.n:
        raise ValueError("pairs need the same samples on both sides")
    undefined = _undefined(ours) or _undefined(theirs)
    if undefined:
        return _unknown(undefined, ours.n)
    if ours.better is Better.LOWER:
        found = difference(Pair(ours.goodness, theirs.goodness), settings)
        return replace(found, evidence=_with_own_values(found.evidence, pair))
    if settings.anytime:
        from harness.stats import anytime

        return anytime.difference(pair, settings)
    if ours.aggregate == "macro_f1":
        return _macro_f1_difference(pair, settings)
    if ours.aggregate == "f1":
        return _f1_difference(pair, settings)
    if ours.aggregate == "bleu":
        return _bleu_difference(pair, settings)
    if ours.aggregate == "rate" and ours.groups is None:
        return _rates(pair, settings)
    return _means(pair, settings)


def _turned(found: Analysis) -> Analysis:
    """An analysis of goodness as one of the values where lower is better: each is 1 minus the other."""
    evidence = found.evidence
    if isinstance(evidence, Estimate):
        low, high = (None if limit is None else 1.0 - limit for limit in (evidence.high, evidence.low))
        evidence = replace(evidence, value=1.0 - evidence.value, low=low, high=high)
    return Analysis(evidence, lambda t: found.p_above(1.0 - t), lambda t: found.p_below(1.0 - t), found.noise)


def _with_own_values(evidence: Estimate | Comparison | Unestimable, pair: Pair) -> Estimate | Comparison | Unestimable:
    if not isinstance(evidence, Comparison):
        return evidence
    ours, theirs = (float(one.values.mean()) for one in (pair.candidate, pair.baseline))
    return replace(evidence, candidate=ours, baseline=theirs)


def _undefined(series: Series) -> str:
    """Why arithmetic on these scores would mean nothing; "" where it does mean something."""
    if series.n == 0:
        return "no samples"
    if series.aggregate != "quantile" and not np.isfinite(series.values).all():
        return "a score is not a number"
    if series.aggregate == "rate" and not ((series.values == 0) | (series.values == 1)).all():
        return "a rate needs scores of 0 or 1"
    return corpus.undefined(series.counts) if series.aggregate == "bleu" else ""


def _none(_: float) -> float | None:
    return None


def _unknown(reason: str, n: int) -> Analysis:
    return Analysis(Unestimable(reason, n), _none, _none)


def _mean(values: Floats, groups: Ints | None, settings: Settings) -> Analysis:
    evidence, noise = _checked(mean(values, groups, settings.alpha), values, groups, settings)
    return Analysis(
        evidence, lambda t: p_mean_below(values, groups, t), lambda t: p_mean_above(values, groups, t), noise
    )


def _checked(
    found: Estimate | Unestimable, values: Floats, groups: Ints | None, settings: Settings
) -> tuple[Estimate | Unestimable, float | None]:
    """A mean's bounds checked by BCa where nothing is grouped, and the noise of the drawing where BCa's are wider."""
    if isinstance(found, Unestimable) or groups is not None or len(values) not in FOR_BCA:
        return found, None
    return widened(found, values, settings.alpha, settings.resamples, settings.seed)


def _totals(found: totals.Ratio | str, series: Series, settings: Settings) -> Analysis:
    if isinstance(found, str):
        return _unknown(found, series.n)
    low, high = found.bounds(settings.alpha)
    method = f"{found.method}, {settings.resamples} resamples"
    estimate = Estimate(found.value, low, high, 1 - settings.alpha, series.n, method)
    return Analysis(estimate, found.p_below, found.p_above, found.noise(settings.alpha))


def _macro_f1(series: Series, settings: Settings) -> Analysis:
    assert series.targets is not None
    assert series.answers is not None
    drawn = bootstrap.macro_f1(
        series.targets, series.answers, series.classes, series.groups, settings.resamples, settings.seed
    )
    return _drawn(drawn, series.n, settings)


def _macro_f1_difference(pair: Pair, settings: Settings) -> Analysis:
    ours, theirs = pair.candidate, pair.baseline
    assert ours.targets is not None
    assert ours.answers is not None
    assert theirs.answers is not None
    drawn, mine, other = bootstrap.macro_f1_difference(
        ours.targets, ours.answers, theirs.answers, ours.classes, ours.groups, settings.resamples, settings.seed
    )
    return _drawn_difference(drawn, mine, other, ours.n, settings)


def _f1(series: Series, settings: Settings) -> Analysis:
    targets, answers = _of_class(series)
    right, errors = int((targets + answers == 0).sum()), int((targets != answers).sum())
    if right + errors == 0:
        return _unknown("the class neither occurs nor was answered", series.n)
    if series.groups is not None:
        drawn = bootstrap.macro_f1(targets, answers, 1, series.groups, settings.resamples, settings.seed)
        return _drawn(drawn, series.n, settings)
    found = f1_of_class(right, errors, settings.alpha)
    evidence = found if isinstance(found, Unestimable) else replace(found, n=series.n)
    return Analysis(evidence, lambda t: p_f1_below(right, errors, t), lambda t: p_f1_above(right, errors, t))


def _f1_difference(pair: Pair, settings: Settings) -> Analysis:
    (targets, ours), (_, theirs) = _of_class(pair.candidate), _of_class(pair.baseline)
    n, groups = pair.candidate.n, pair.candidate.groups
    if (np.maximum(targets, np.maximum(ours, theirs)) < 0).all():
        return _unknown("the class neither occurs nor was answered", n)
    drawn, mine, other = bootstrap.macro_f1_difference(
        targets, ours, theirs, 1, groups, settings.resamples, settings.seed
    )
    return _drawn_difference(drawn, mine, other, n, settings)


def _of_class(series: Series) -> tuple[Ints, Ints]:
    """Targets and answers with the one class as 0 and all others as -1, which is none of the classes."""
    assert series.targets is not None
    assert series.answers is not None
    return np.where(series.targets == series.label, 0, -1), np.where(series.answers == series.label, 0, -1)


def _bleu(series: Series, settings: Settings) -> Analysis:
    assert series.counts is not None
    return _drawn(corpus.bleu(series.counts, series.groups, settings.resamples, settings.seed), series.n, settings)


def _bleu_difference(pair: Pair, settings: Settings) -> Analysis:
    ours, theirs = pair.candidate, pair.baseline
    assert ours.counts is not None
    assert theirs.counts is not None
    drawn, mine, other = corpus.bleu_difference(
        ours.counts, theirs.counts, ours.groups, settings.resamples, settings.seed
    )
    return _drawn_difference(drawn, mine, other, ours.n, settings)


def _drawn(drawn: bootstrap.Resampled, n: int, settings: Settings) -> Analysis:
    low, high = drawn.bounds(settings.alpha)
    method = f"bootstrap, {settings.resamples} resamples"
    estimate = Estimate(drawn.value, low, high, 1 - settings.alpha, n, method)
    return Analysis(estimate, drawn.p_below, drawn.p_above, drawn.bound_error(settings.alpha))


def _drawn_difference(
    drawn: bootstrap.Resampled, mine: float, other: float, pairs: int, settings: Settings
) -> Analysis:
    low, high = drawn.bounds(settings.alpha)
    method = f"paired bootstrap, {settings.resamples} resamples"
    comparison = Comparison(mine, other, drawn.value, low, high, 1 - settings.alpha, pairs, method)
    return Analysis(comparison, drawn.p_below, drawn.p_above, drawn.bound_error(settings.alpha))


def _rates(pair: Pair, settings: Settings) -> Analysis:
    ours, theirs = pair.candidate.values > 0.5, pair.baseline.values > 0.5
    table = table_of(ours, theirs)
    low, high = tango(table, settings.alpha)
    comparison = Comparison(
        float(ours.mean()), float(theirs.mean()), table.difference, low, high, 1 - settings.alpha, table.n, "Tango"
    )

    def p_fail(bound: float) -> float:
        # The score test claims too much on few discordant pairs (8.6 % at nominal 5 %), so it must show twice as much.
        few = table.n < 100 and table.candidate + table.baseline < 6
        return min(1.0, tango_p_below(table, bound) * (2 if few else 1))

    return Analysis(comparison, p_fail, _none)


def _means(pair: Pair, settings: Settings) -> Analysis:
    ours, theirs, groups = pair.candidate.values, pair.baseline.values, pair.candidate.groups
    change, n, alpha = ours - theirs, len(ours), settings.alpha
    evidence, noise = _checked(mean(change, groups, alpha, worst=-1.0), change, groups, settings)
    if isinstance(evidence, Unestimable):
        return _unknown(evidence.reason, n)
    comparison = Comparison(
        float(ours.mean()), float(theirs.mean()), evidence.value, evidence.low, evidence.high, 1 - alpha, n,
        f"paired {evidence.method}",
    )  # fmt: skip
    return Analysis(comparison, lambda t: p_mean_below(change, groups, t), _none, noise)
