"""One request on its way through the scheduler."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from .errors import ApiError, generation_failed
from .grouping import Need
from .jobs import Event, Job, PrefillScores, Result, Sink, Step, Token
from .sampling import Choice, Sampler
from .text import Detokenizer, Text

_TAIL = 300
"""Characters of output kept to look for stop strings in, as TGI does."""


@dataclass(slots=True, eq=False)
class Row:
    """`cancel` may be set from any thread; everything else belongs to the scheduler thread."""

    job: Job
    sink: Sink
    text: Text
    eos_ids: frozenset[int]
    cancelled: bool = False
    prefill: PrefillScores | None = None
    steps: list[Step] = field(default_factory=list)
    submitted: float = field(default_factory=time.monotonic)
    started: float = 0.0
    sampler: Sampler = field(init=False)
    _detokenizer: Detokenizer = field(init=False)
    _tail: str = ""

    def __post_init__(self) -> None:
        self.sampler = Sampler(self.job.sampling, self.job.prompt, self.job.top_n_tokens)
        self._detokenizer = Detokenizer(self.text, self.job.prompt)

    @property
    def need(self) -> Need:
        return Need(len(self.job.prompt), len(self.job.prompt) + self.job.max_new_tokens)

    @property
    def last_token(self) -> int:
        return self.steps[-1].token.id

    def cancel(self) -> None:
        """Give up the slot before the next forward pass; no further event is sent."""
        self.cancelled = True

    def send(self, event: Event) -> None:
        if self.cancelled:
            return
        try:
            self.sink(event)
        except RuntimeError:  # the event loop that listened is closed
            self.cancelled = True

    def accept(self, choice: Choice | None) -> bool:
        """Take the token of this pass. True when the row is done, and its last event is sent."""
        if choice is None:
            self.send(generation_failed("the model returned logits that are not finite numbers"))
            return True
        step = Step(self._token(choice.id, choice.logprob), tuple(self._top(choice)))
        self.steps.append(step)
        self.sampler.history.append(choice.id)
        reason = self._reason(step.token)
        if reason is not None:
            self.send(self._result(reason))
        elif self.job.stream:
            self.send(step)
        return reason is not None

    def fail(self, error: ApiError) -> None:
        self.send(error)

    def _token(self, token: int, logprob: float) -> Token:
        return Token(token, self._detokenizer.push(token), logprob, token in self.text.special)

    def _top(self, choice: Choice) -> list[Token]:
        return [Token(i, self.text.decode([i]), logprob, i in self.text.special) for i, logprob in choice.top]

    def _reason(self, token: Token) -> str | None:
        """End of sequence before stop strings before length: an answer that ends with its last token is whole.

        TGI looks at the length first.
        """
        if token.id in self.eos_ids:
            return "eos_token"
        self._tail = (self._tail + token.text)[-_TAIL:]
        if self._tail.endswith(self.job.stop or ("\0never",)):
            return "stop_sequence"
        return "length" if len(self.steps) >= self.job.max_new_tokens else None

    def _result(self, reason: str) -> Result:
        now = time.monotonic()
        return Result(
            reason=reason,
            text=self._detokenizer.whole(),
            steps=tuple(self.steps),
            prefill=self.prefill,
            queue_time=self.started - self.submitted,
            inference_time=now - self.started,
        )
