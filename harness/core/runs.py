"""What was done: models told by their bytes, runs, and the counts of how samples ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from harness.core.directions import Better
from harness.core.ids import digest_rows
from harness.core.samples import Answer, Json, Output, Sample, Score


@dataclass(frozen=True, slots=True)
class Model:
    """Who answers. `adapter_digest` None is the base model itself; `few_shot` examples precede each prompt.

    `role` is "candidate" or the name of a baseline. `own` is what a baseline has of its own and tells it from the
    base model: a chosen prompt, a remote model's address and name, a file of human answers. A model that is not made
    of weights on this disk has no `base_digest` ("").
    """

    role: str
    base_digest: str
    adapter_digest: str | None = None
    few_shot: int = 0
    own: Mapping[str, Json] = field(default_factory=dict)

    @property
    def identity(self) -> dict[str, Json]:
        """What makes two models the same for a run: everything but the role they play."""
        named: dict[str, Json] = {"base": self.base_digest, "adapter": self.adapter_digest, "few_shot": self.few_shot}
        return {**named, "own": dict(self.own)} if self.own else named


@dataclass(frozen=True, slots=True)
class Counts:
    """How the samples of a run ended; the three add up to all of them."""

    scored: int = 0
    model_failed: int = 0
    not_evaluated: int = 0

    @property
    def total(self) -> int:
        return self.scored + self.model_failed + self.not_evaluated


def samples_digest(samples: Iterable[Sample]) -> str:
    """Digest of samples' ids, rows and targets, whatever their order."""
    return digest_rows([one.id, one.row, one.target] for one in sorted(samples, key=lambda one: one.id))


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One task of a run: its samples, and for each repeat of each exactly one output and one answer.

    Outputs and answers stand in the samples' order, the repeats of a sample beside each other.
    """

    task: str
    samples: tuple[Sample, ...]
    outputs: tuple[Output, ...]
    answers: tuple[Answer, ...]
    scores: tuple[Score, ...]

    @property
    def repeats(self) -> int:
        """How often each sample was asked; a repeat that lacks its output still counts."""
        return 1 + max((output.repeat for output in self.outputs), default=0)

    @property
    def data(self) -> str:
        """Digest of the samples, whatever their order."""
        return samples_digest(self.samples)

    @property
    def flip_rate(self) -> float | None:
        """Share of the samples whose repeats ended differently; None where each was asked once."""
        if self.repeats == 1:
            return None
        ends: dict[str, set[str]] = {}
        for answer in self.answers:
            ends.setdefault(answer.sample_id, set()).add(repr((answer.outcome, answer.value)))
        return sum(len(found) > 1 for found in ends.values()) / len(self.samples)


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """How a stored metric is to be read.

    `aggregate`: rate (0/1 scores), mean (scores in [0, 1]), macro_f1 (from targets and answers, over `classes`) or
    bleu (from the n-gram counts that the score's parts hold). `parts` is how the scores of one part are aggregated, ""
    where the metric has no parts to be judged alone. `better` is where the better scores lie: runs of older harnesses
    took higher ones for better.
    """

    name: str
    aggregate: str
    version: int
    classes: tuple[str, ...] = ()
    parts: str = ""
    better: Better = Better.HIGHER


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a suite against one model. `id` is the digest of all that it depends on.

    `seconds` is the wall time of the last try. `adapter_proof` tells whether the adapter answered; `notes` are
    sentences that a decision resting on this run repeats (a chosen prompt, a check that could not be made). `figures`
    are numbers of the run as a whole ("candidate.tokens_per_second"). `clean` names for each robustness task the one
    that it perturbs ("suite.task"). `data` are the digests of the tasks' samples (TaskResult.data); the measured phase
    and runs of older harnesses have none. `replaces` is the run of the same questions that this one was asked anew for.
    """

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
    notes: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    clean: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    replaces: str = ""
