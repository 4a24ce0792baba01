"""What every metric gives. Its dataclass fields are its YAML arguments.

A metric may have `doubts(targets) -> list[str]`: sentences that warn where it does not fit the rows' targets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from harness import catalog
from harness.core.directions import Better
from harness.core.samples import Answer, Outcome, Sample, Score
from harness.core.suites import MetricSpec

CLIPPED = "counts as the worst score (clip)"  # ends the reason of a score that was beyond the scale


@dataclass(frozen=True, slots=True)
class Item:
    """A sample with the answer that was read for it."""

    sample: Sample
    answer: Answer


class Metric(Protocol):
    """A per-sample score with the way it is aggregated.

    `aggregate` is rate (0/1), mean (in [0, 1]), macro_f1 (from targets and answers, no per-sample score) or bleu (from
    the n-gram counts that the parts hold). `version` rises whenever the same answer could get another score. `kinds`
    are the task kinds it applies to.

    `better` is where the better scores lie; where only whoever names the metric knows it, it is an argument.
    """

    aggregate: ClassVar[str]
    version: ClassVar[int]
    kinds: ClassVar[tuple[str, ...]]

    @property
    def better(self) -> Better:
        """Whether higher or lower scores are better."""
        ...

    def score(self, items: Sequence[Item]) -> list[Score]:
        """One whole score for each item (and one for each part, where the metric has parts), with its repeat."""
        ...


def better_of(spec: MetricSpec) -> Better:
    """Where the better scores of a metric lie, by its plug or its arguments."""
    better: Better = catalog.build("metrics", spec.catalog_name, spec.arguments).better
    return better


def score_each(
    metric: str,
    items: Sequence[Item],
    value: Callable[[Item], float | Mapping[str, float]],
    better: Better = Better.HIGHER,
) -> list[Score]:
    """Scores by `value` for what was scored; the worst one where the model failed; None where nothing was evaluated.

    A mapping gives the scores of parts; the whole is their mean. `value` is called in the items' order, and a NaN from
    it is no score.
    """
    scores: list[Score] = []
    for item in items:
        name, repeat, reason = item.sample.id, item.answer.repeat, item.answer.reason
        if item.answer.outcome is Outcome.NOT_EVALUATED:
            scores.append(Score(name, metric, None, reason=reason, repeat=repeat))
            continue
        found = value(item) if item.answer.outcome is Outcome.SCORED else _worst(item, better)
        if isinstance(found, Mapping):
            scores += [Score(name, metric, share, part, repeat=repeat) for part, share in found.items()]
            found = sum(found.values()) / len(found) if found else better.worst
        if math.isnan(found):
            scores.append(Score(name, metric, None, reason=f"{metric} is not a number here", repeat=repeat))
        else:
            scores.append(Score(name, metric, float(found), reason=reason, repeat=repeat))
    return scores


def _worst(item: Item, better: Better) -> float | Mapping[str, float]:
    target = item.sample.target
    return dict.fromkeys(target, better.worst) if isinstance(target, Mapping) else better.worst
