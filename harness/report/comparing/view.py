"""Two stored sides compared, as values: what changed, in which samples, confusions and parts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from harness.core.directions import Better
from harness.core.estimates import Comparison, Estimate, Unestimable


@dataclass(frozen=True, slots=True)
class Side:
    """One side: the word it was named by, what that is, and its runs by suite; `model` says who answered."""

    word: str
    what: str
    runs: Mapping[str, str]
    model: str = ""


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """One metric on both sides, as a gate would judge it: what A lost counts as wrong, what B lost as right.

    `evidence` is by how much A is better. `values` are both sides' own, None where they have no number. `worse` and
    `better` are the ids of samples that both sides were evaluated on, the largest change first; `same` counts the
    others of these.
    `lost` are the samples that A and B were not evaluated on; `better_values` are the metric's higher or lower ones.
    """

    metric: str
    aggregate: str
    evidence: Comparison | Estimate | Unestimable
    values: tuple[float, float] | None
    worse: tuple[str, ...]
    better: tuple[str, ...]
    same: int
    lost: tuple[int, int]
    better_values: Better = Better.HIGHER


@dataclass(frozen=True, slots=True)
class Fallen:
    """A sample that got worse, as texts that are safe to look at; scores are in [0, 1]."""

    id: str
    scores: tuple[float, float]
    asked: str
    target: str
    said: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Moved:
    """One confusion: how often a target got an answer that is not it, on both sides. `answer` None is no label."""

    target: str
    answer: str | None
    counts: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Confusions:
    """Which confusions moved, the largest change first, and tests of A's answers against B's on the same samples.

    `bowker` and `stuart_maxwell` are p-values of "the answers changed evenly", None where `untested` says why.
    """

    moved: tuple[Moved, ...]
    samples: int
    bowker: float | None = None
    stuart_maxwell: float | None = None
    untested: str = ""


@dataclass(frozen=True, slots=True)
class PartDifference:
    """A metric on a class (of the target), a field or a slice: the mean on both sides.

    `p` is two-sided (McNemar's mid-p, else a t test), None where there is no such test. `adjusted` is p after
    Benjamini and Hochberg over all parts of the comparison, and `flagged` where that is at most alpha.
    """

    metric: str
    part: str
    samples: int
    values: tuple[float, float]
    p: float | None
    adjusted: float | None = None
    flagged: bool = False
    better_values: Better = Better.HIGHER

    @property
    def difference(self) -> float:
        """By how much A is better."""
        ours, theirs = (self.better_values.goodness(value) for value in self.values)
        return ours - theirs


@dataclass(frozen=True, slots=True)
class TaskComparison:
    """One task: its metrics, the samples that got worst by `judged_by`, its confusions where it has classes, its parts.

    `samples` is how many both sides were asked.
    """

    name: str
    samples: int
    metrics: tuple[MetricDifference, ...]
    judged_by: str
    worst: tuple[Fallen, ...]
    confusions: Confusions | None
    parts: tuple[PartDifference, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """A against B. `alpha` is the one-sided error of each bound, and the share of false flags among the parts'."""

    ours: Side
    theirs: Side
    alpha: float
    tasks: tuple[TaskComparison, ...]
    notes: tuple[str, ...]


def to_json(compared: Compared) -> dict[str, object]:
    """Plain JSON values; A is `ours`, B is `theirs`. Raises ValueError for numbers that JSON lacks."""
    record: dict[str, object] = asdict(compared)
    json.dumps(record, allow_nan=False)
    return record
