"""What was done: models told by their bytes, runs, and the counts of how samples ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.samples import Answer, Json, Output, Sample, Score


@dataclass(frozen=True, slots=True)
class Model:
    """Who answers. `adapter_digest` None is the base model itself; `few_shot` examples precede each prompt.

    `role` is "candidate" or the name of a baseline.
    """

    role: str
    base_digest: str
    adapter_digest: str | None = None
    few_shot: int = 0

    @property
    def identity(self) -> dict[str, Json]:
        """What makes two models the same for a run: everything but the role they play."""
        return {"base": self.base_digest, "adapter": self.adapter_digest, "few_shot": self.few_shot}


@dataclass(frozen=True, slots=True)
class Counts:
    """How the samples of a run ended; the three add up to all of them."""

    scored: int = 0
    model_failed: int = 0
    not_evaluated: int = 0

    @property
    def total(self) -> int:
        return self.scored + self.model_failed + self.not_evaluated


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One task of a run: its samples, and for each exactly one output and one answer."""

    task: str
    samples: tuple[Sample, ...]
    outputs: tuple[Output, ...]
    answers: tuple[Answer, ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """How a stored metric is to be read.

    `aggregate`: rate (0/1 scores), mean (scores in [0, 1]) or macro_f1 (from targets and answers, over `classes`).
    """

    name: str
    aggregate: str
    version: int
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a suite against one model. `id` is the digest of all that it depends on."""

    id: str
    release: str
    suite: str
    suite_digest: str
    model: Model
    server: Mapping[str, Json]
    started: str
    seconds: float
    counts: Counts
    metrics: Mapping[str, tuple[MetricInfo, ...]]
    task_digests: Mapping[str, str]
    adapter_proof: str
    versions: Mapping[str, str] = field(default_factory=dict)
