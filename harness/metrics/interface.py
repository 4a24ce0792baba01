"""What every metric gives. Its dataclass fields are its YAML arguments.

A metric may have `doubts(targets) -> list[str]`: sentences that warn where it does not fit the rows' targets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from harness.core.samples import Answer, Outcome, Sample, Score


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
    """

    aggregate: ClassVar[str]
    version: ClassVar[int]
    kinds: ClassVar[tuple[str, ...]]

    def score(self, items: Sequence[Item]) -> list[Score]:
        """One whole score for each item (and one for each part, where the metric has parts), with its repeat."""
        ...


def score_each(metric: str, items: Sequence[Item], value: Callable[[Item], float | Mapping[str, float]]) -> list[Score]:
    """Scores by `value` for what was scored; 0 where the model failed; None where nothing was evaluated.

    A mapping gives the scores of parts; the whole is their mean. `value` is called in the items' order, and a NaN from
    it is no score.
    """
    scores: list[Score] = []
    for item in items:
        name, repeat, reason = item.sample.id, item.answer.repeat, item.answer.reason
        if item.answer.outcome is Outcome.NOT_EVALUATED:
            scores.append(Score(name, metric, None, reason=reason, repeat=repeat))
            continue
        found = value(item) if item.answer.outcome is Outcome.SCORED else _nothing(item)
        if isinstance(found, Mapping):
            scores += [Score(name, metric, share, part, repeat=repeat) for part, share in found.items()]
            found = sum(found.values()) / len(found) if found else 0.0
        if math.isnan(found):
            scores.append(Score(name, metric, None, reason=f"{metric} is not a number here", repeat=repeat))
        else:
            scores.append(Score(name, metric, float(found), reason=reason, repeat=repeat))
    return scores


def _nothing(item: Item) -> float | Mapping[str, float]:
    target = item.sample.target
    return dict.fromkeys(target, 0.0) if isinstance(target, Mapping) else 0.0
