"""What the pipeline asks of a client, whatever API its server speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from harness.core.samples import Json, Output
from harness.core.suites import Generation


class RequestFailed(Exception):
    """A request that got no answer, after all its attempts; the message says why.

    `status` is the HTTP status of the last attempt where it had one; `attempts` is how many requests were sent.
    """

    def __init__(self, reason: str, status: int | None = None, attempts: int = 1) -> None:
        super().__init__(reason)
        self.status, self.attempts = status, attempts


@dataclass(frozen=True, slots=True)
class Token:
    """A token that the server read; `logprob` in nats (None for the first), `rank` 0 where it is the likeliest."""

    id: int
    text: str
    logprob: float | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A token of a text: `text[start:stop]` (characters)."""

    id: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often to try. Seconds.

    `attempts` bounds requests that fail; one that the server turns away because it is full (429, 503) is sent again
    until `patience` is over. `deadline` is the time.monotonic() after which nothing is sent any more. `watch` says in a
    sentence that the server has died (None: it has not): whatever is being asked then ends at once.
    """

    timeout: float = 300.0
    attempts: int = 8
    first_pause: float = 0.25
    longest_pause: float = 8.0
    patience: float = 120.0
    health: float = 30.0
    deadline: float | None = None
    watch: Callable[[], str | None] | None = None


class Client(Protocol):
    """A connection pool to one server. `adapter` None asks the base model."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def alive(self) -> bool:
        """Whether the server answers at all."""
        ...

    async def info(self) -> Mapping[str, Json]:
        """The server's description of itself. Raises OutsideError where it does not answer."""
        ...

    async def identity(self, adapter: str | None) -> Mapping[str, Json]:
        """What the server says of the model that answers as `adapter`: the same for as long as it is the same model.

        {} where it tells nothing. Raises RequestFailed, OutsideError.
        """
        ...

    async def is_plainly_greedy(self) -> bool:
        """Whether greedy requests are known to be answered without the rules of the model's generation_config.json.

        Raises RequestFailed.
        """
        ...

    async def chat(
        self, sample_id: str, messages: Sequence[Mapping[str, str]], generation: Generation, adapter: str | None
    ) -> Output:
        """One chat completion; the server applies the model's own template. Errors come back inside the Output.

        Raises OutsideError where no request can succeed (the key is refused, the deadline is over).
        """
        ...

    async def prefill(self, text: str, adapter: str | None, keep: int | None = None) -> list[Token]:
        """The tokens of a prompt with their log-probabilities; empty where the server gives none.

        `keep`: the server reads only the last `keep` tokens of the text.
        """
        ...

    async def greedy(
        self, text: str, tokens: int, stop: Sequence[str], adapter: str | None, keep: int | None = None
    ) -> tuple[str, list[int]]:
        """Greedy continuation of a raw prompt: its text (a stop string left in) and token ids; `keep` as there."""
        ...

    async def tokenize(self, text: str) -> list[Piece]:
        """The tokens that the server reads in a text, special tokens that it adds included."""
        ...

    async def chat_tokens(self, messages: Sequence[Mapping[str, str]]) -> list[int] | None:
        """The token ids that the server makes of chat turns; None where it does not tell."""
        ...
