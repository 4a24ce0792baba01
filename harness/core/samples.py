"""A row that is asked, what the model gave for it, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# What JSON can hold; `object` stands in for the recursion that type checkers read slowly.
Json = object


# The finish reason of a request that the server refuses for good: the model has no answer to it.
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of a task's data. `group` is the unit of independence (None: the sample itself).

    `origin` is the id of the sample that this one is a perturbed copy of.
    """

    id: str
    row: Mapping[str, Json]
    target: Json
    group: str | None = None
    slices: Mapping[str, str] = field(default_factory=dict)
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """What the model gave for a sample, or the error that kept it from answering; never an error as text.

    `latency` is seconds from sending the request to its whole answer. `choices` are log-likelihoods (nats) of a
    multiple-choice sample's choices, where the sample was scored that way instead of generated. `repeat` counts from 0
    where a sample is asked several times; `attempts` is how many requests it took; `cached` tells that none was sent.
    `model` is what the reply named as the model, kept where nothing else tells which one answered. An `error` with the
    finish reason REFUSED is the server's refusal to ask the model that at all.
    """

    sample_id: str
    text: str | None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    generated_tokens: int | None = None
    latency: float | None = None
    choices: tuple[float, ...] | None = None
    error: str | None = None
    repeat: int = 0
    attempts: int = 1
    cached: bool = False
    model: str | None = None

    @property
    def lost(self) -> bool:
        """Whether the infrastructure kept the model from answering."""
        return self.error is not None and self.finish_reason != REFUSED


class Outcome(StrEnum):
    """How a sample ended: each repeat of a sample has exactly one outcome."""

    SCORED = "scored"
    MODEL_FAILED = "model_failed"
    NOT_EVALUATED = "not_evaluated"


@dataclass(frozen=True, slots=True)
class Answer:
    """An output as the task reads it: `value` is the label, record or text; None with a `reason` where unreadable.

    A scored answer has a `reason` where its form is broken all the same: a text that was cut off.
    """

    sample_id: str
    outcome: Outcome
    value: Json = None
    reason: str | None = None
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """One metric on one sample. `part` names a field or class where the metric has several; "" is the whole.

    `value` is None with a `reason` where it could not be computed.
    """

    sample_id: str
    metric: str
    value: float | None
    part: str = ""
    reason: str | None = None
    repeat: int = 0
