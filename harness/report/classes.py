"""Classification in numbers: targets against answers, class by class."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from harness.core.estimates import Estimate, Unestimable
from harness.core.runs import TaskResult
from harness.core.samples import Outcome
from harness.stats.intervals import f1_of_class


@dataclass(frozen=True, slots=True)
class ClassNumbers:
    """One class: how often it was the target, how often the answer, how often rightly so."""

    name: str
    targets: int
    answers: int
    right: int

    def f1(self, alpha: float) -> Estimate | Unestimable:
        """F1 with its interval."""
        return f1_of_class(self.right, self.targets + self.answers - 2 * self.right, alpha)


def classified(result: TaskResult) -> dict[str, tuple[str, str | None]]:
    """(target, answer) of each evaluated sample; the answer is None where it is none of the labels."""
    targets = {sample.id: str(sample.target) for sample in result.samples}
    evaluated = [answer for answer in result.answers if answer.outcome is not Outcome.NOT_EVALUATED]
    return {
        answer.sample_id: (
            targets[answer.sample_id],
            str(answer.value) if answer.outcome is Outcome.SCORED else None,
        )
        for answer in evaluated
        if answer.sample_id in targets
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
