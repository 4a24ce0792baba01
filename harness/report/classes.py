"""Classification in numbers: targets against answers, class by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.releases import Policy
from harness.core.runs import TaskResult
from harness.core.samples import Outcome
from harness.stats import bootstrap, intervals

Ints = NDArray[np.int64]

# Only the resampling of macro-F1 needs them; where a gate has evidence of its own, that is shown instead.
_DEFAULTS = Policy(gates=())


@dataclass(frozen=True, slots=True)
class ClassNumbers:
    """One class: how often it was the target, how often the answer, how often rightly so."""

    name: str
    targets: int
    answers: int
    right: int

    def f1(self, alpha: float) -> Estimate | Unestimable:
        """F1 with its interval."""
        return intervals.f1_of_class(self.right, self.targets + self.answers - 2 * self.right, alpha)


def classified(result: TaskResult) -> dict[str, tuple[str, str | None]]:
    """(target, answer) of each evaluated sample; the answer is None where the model gave none of the labels."""
    targets = {sample.id: str(sample.target) for sample in result.samples}
    return {
        answer.sample_id: (targets[answer.sample_id], str(answer.value) if answer.outcome is Outcome.SCORED else None)
        for answer in result.answers
        if answer.outcome is not Outcome.NOT_EVALUATED and answer.sample_id in targets
    }


def classes_of(*results: TaskResult) -> tuple[str, ...]:
    """The labels that occur: those of the targets first, then those that were only answered."""
    pairs = [pair for result in results for pair in classified(result).values()]
    answers = [answer for _, answer in pairs if answer is not None]
    return tuple(dict.fromkeys([*(target for target, _ in pairs), *answers]))


def confusion(result: TaskResult) -> Counter[tuple[str, str | None]]:
    """How often each target got each answer."""
    return Counter(classified(result).values())


def class_numbers(result: TaskResult) -> tuple[ClassNumbers, ...]:
    """The counts of each class that occurs."""
    pairs = list(classified(result).values())
    targets, answers = Counter(target for target, _ in pairs), Counter(answer for _, answer in pairs)
    right = Counter(target for target, answer in pairs if target == answer)
    return tuple(ClassNumbers(name, targets[name], answers[name], right[name]) for name in classes_of(result))


def macro_f1(result: TaskResult, groups: Ints | None, alpha: float) -> Estimate | Unestimable:
    """Mean of the classes' F1. `groups` are numbers in the order of `classified`."""
    pairs = list(classified(result).values())
    if not pairs:
        return Unestimable("no sample was evaluated")
    names = classes_of(result)
    targets, answers = (_coded([pair[side] for pair in pairs], names) for side in (0, 1))
    found = bootstrap.macro_f1(targets, answers, len(names), groups, _DEFAULTS.resamples, _DEFAULTS.seed)
    return Estimate(found.value, *found.bounds(alpha), 1 - alpha, len(pairs), "bootstrap")


def macro_f1_difference(
    ours: TaskResult, theirs: TaskResult, ids: Sequence[str], groups: Ints | None, alpha: float
) -> Comparison | Unestimable:
    """The candidate's macro-F1 minus the baseline's, on the samples `ids`."""
    if not ids:
        return Unestimable("no sample was evaluated by both models")
    mine, other, names = classified(ours), classified(theirs), classes_of(ours, theirs)
    targets = _coded([mine[sample][0] for sample in ids], names)
    first, second = (_coded([pairs[sample][1] for sample in ids], names) for pairs in (mine, other))
    found, a, b = bootstrap.macro_f1_difference(
        targets, first, second, len(names), groups, _DEFAULTS.resamples, _DEFAULTS.seed
    )
    return Comparison(a, b, found.value, *found.bounds(alpha), 1 - alpha, len(ids), "bootstrap")


def _coded(labels: Collection[str | None], names: Sequence[str]) -> Ints:
    codes = {name: code for code, name in enumerate(names)}
    return np.array([-1 if label is None else codes[label] for label in labels], dtype=np.int64)
