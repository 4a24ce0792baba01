"""What the stored runs came to, as numbers: made by the pipeline out of the store, told in words by the views.

Texts of samples are as they were stored: the views write out what is hidden in them (guard), and templates escape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.directions import Better
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.runs import MetricInfo
from harness.core.samples import Outcome
from harness.report.shown import Shown

_NEAR = 1e-12  # scores that are equal on paper may differ in their last bit

Own = Estimate | Unestimable
Difference = Comparison | Unestimable


@dataclass(frozen=True, slots=True)
class MetricNumbers:
    """A metric by the name that gates use (suite.metric, or suite.task.metric): `own` by role, `against` by baseline.

    `against` is by how much the candidate is better than that baseline. What a gate found already stands here as the
    gate found it.
    """

    name: str
    info: MetricInfo
    own: Mapping[str, Own]
    against: Mapping[str, Difference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartNumbers:
    """A metric on the samples of one part of a task, by role.

    `kind` is class, field, slice, length or language; `name` the class, the field, the slice's value, or words for the
    stretch of lengths ("201 to 800 characters"); `column` is the slice's column, "" for the others.
    """

    kind: str
    name: str
    samples: int
    metric: str
    own: Mapping[str, Own]
    column: str = ""


@dataclass(frozen=True, slots=True)
class ClassNumbers:
    """One class for the candidate: how often it was the target, how often the answer, how often rightly so; its F1.

    Every repeat counts; a lost one is a target without a right answer.
    """

    name: str
    targets: int
    answers: int
    right: int
    f1: Own


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often the candidate gave each answer (None: no label) for each target; pairs that never came are left out."""

    classes: tuple[str, ...]
    counts: Mapping[tuple[str, str | None], int]


@dataclass(frozen=True, slots=True)
class Perturbed:
    """The candidate on the samples that one perturbation made, against the same samples before it."""

    kind: str
    samples: int
    change: Difference


@dataclass(frozen=True, slots=True)
class Robustness:
    """How a task held under perturbations of the clean task `clean` ("suite.task").

    `problem` says why there is nothing to compare.
    """

    clean: str
    metric: str
    kinds: tuple[Perturbed, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """How answers changed against one baseline, by `metric`; samples that either was not evaluated on are `unknown`.

    `fallen` and `risen` are the samples whose score fell and rose most, the largest change first.
    """

    baseline: str
    metric: str
    worse: int
    better: int
    same: int
    unknown: int
    fallen: tuple[Shown, ...] = ()
    risen: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Failing samples whose inputs are alike: how many, the words that tell them from the others, and their ids."""

    size: int
    words: tuple[str, ...]
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failures:
    """The candidate's failures on a task by `metric`; what was not evaluated is no failure.

    A failure is a score worse than `below`: a lower one, or where lower is `better` a higher one.

    `failing` of `evaluated` samples failed. `parts` are the metric by class, field, slice, length and language;
    `clusters` are of the failing samples (of `clustered` of them, where there are too many); `worst` are the samples
    with the worst scores.
    """

    metric: str
    below: float
    failing: int
    evaluated: int
    parts: tuple[PartNumbers, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    clustered: int = 0
    worst: tuple[Shown, ...] = ()
    better: Better = Better.HIGHER

    def is_failure(self, score: float) -> bool:
        """Whether an answer with this score failed."""
        return self.better.goodness(score) < self.better.goodness(self.below) - _NEAR


@dataclass(frozen=True, slots=True)
class Lengths:
    """Characters of the inputs of a task: the least, the middle one, the 95th percentile, and the most."""

    least: int
    middle: int
    p95: int
    most: int


@dataclass(frozen=True, slots=True)
class TaskNumbers:
    """One task of a suite. `main` is the metric that tells a right answer from a wrong one, None where none does.

    `flip_rate` is the share of samples whose repeats ended differently, None where each was asked once. `endings` are
    counts of how the answers of each model ended (core.endings), and `limit` is the most tokens that one may have.
    """

    suite: str
    name: str
    samples: int
    groups: int
    repeats: int
    flip_rate: float | None
    main: str | None
    metrics: tuple[MetricNumbers, ...]
    classes: tuple[ClassNumbers, ...] = ()
    confusion: Confusion | None = None
    fields: tuple[PartNumbers, ...] = ()
    slices: tuple[PartNumbers, ...] = ()
    robustness: Robustness | None = None
    changes: tuple[Changes, ...] = ()
    failures: Failures | None = None
    lengths: Lengths | None = None
    endings: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    limit: int | None = None

    @property
    def key(self) -> str:
        """Suite and task as one name."""
        return f"{self.suite}.{self.name}"


@dataclass(frozen=True, slots=True)
class Unscored:
    """Why samples of the candidate were not scored, and how many."""

    outcome: Outcome
    reason: str
    samples: int


@dataclass(frozen=True, slots=True)
class SuiteNumbers:
    """One suite that the candidate ran; `unscored` with the commonest reason first."""

    name: str
    tasks: tuple[TaskNumbers, ...]
    unscored: tuple[Unscored, ...] = ()
