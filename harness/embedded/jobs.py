"""The values that pass between the routes and the scheduler thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .errors import ApiError

BASE = "__base__"
"""PEFT's name for rows of a mixed batch that no adapter touches."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. `seed` is None for greedy decoding."""

    seed: int | None = None
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    typical_p: float = 1.0
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """One valid request: token ids in, at most `max_new_tokens` token ids out.

    `adapter` is the engine's own name of an adapter, or BASE. `prefill_details` asks for the
    log-probability of every prompt token.
    """

    prompt: tuple[int, ...]
    max_new_tokens: int
    adapter: str = BASE
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    top_n_tokens: int = 0
    prefill_details: bool = False
    stream: bool = False


@dataclass(frozen=True, slots=True)
class PrefillScores:
    """Natural log-probability of prompt tokens 1..n-1, and how many tokens were likelier (0 = argmax)."""

    logprobs: tuple[float, ...]
    ranks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token; `text` may be empty while a character is incomplete."""

    id: int
    text: str
    logprob: float
    special: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What one forward pass gave one request."""

    token: Token
    top: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A finished request. `reason` is length, eos_token or stop_sequence; times are in seconds."""

    reason: str
    text: str
    steps: tuple[Step, ...]
    prefill: PrefillScores | None
    queue_time: float
    inference_time: float


Event = Step | Result | ApiError
Sink = Callable[[Event], None]
"""Called from the scheduler thread: must not block."""
