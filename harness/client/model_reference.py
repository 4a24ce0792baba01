"""What a model was known by when it was proven: what its server says of it, and what it says to fixed prompts."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from harness.client.http import KeyRefused
from harness.client.interface import Client, RequestFailed, Token
from harness.client.proof import PROMPTS
from harness.core.errors import OutsideError
from harness.core.samples import Json
from harness.core.suites import Generation

# Nats a token by which the same weights may differ from themselves in another batch, on the mean of a prompt.
SAME, SAME_FLOAT32 = 0.1, 0.02
ABOVE_NOISE = 3.0
LEAST = 1e-4
# What is asked where a server gives no log-probabilities: long enough answers that two models hardly share them.
CHATS = (
    "Write one sentence about a lighthouse in winter.",
    "Name three rivers, and say of each where it ends.",
    "My parcel #48213 was due on Tuesday, but it is not here yet. Where is it?",
)
GREEDY = Generation(max_new_tokens=24)


@dataclass(frozen=True, slots=True)
class ReferencePrompt:
    """A prompt's token ids, its log-probabilities (nats, None for the first), and how far the mean may move."""

    text: str
    ids: tuple[int, ...]
    logprobs: tuple[float | None, ...]
    limit: float


@dataclass(frozen=True, slots=True)
class ReferenceText:
    """A chat turn, and the greedy answer that the model gives to it each time."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class ModelReference:
    """A model as it was proven. Where the server gives log-probabilities there are `prompts`, else `texts`.

    `name` is what its replies name as the model, where that has to stay the same from an earlier command on.
    """

    identity: Mapping[str, Json] = field(default_factory=dict)
    prompts: tuple[ReferencePrompt, ...] = ()
    texts: tuple[ReferenceText, ...] = ()
    name: str | None = None

    @property
    def by_text_only(self) -> bool:
        """Whether only texts, or not even those, tell the model from another."""
        return not self.prompts


async def model_reference(
    client: Client, adapter: str | None, beside: Client | None, dtype: str | None, adapted: bool
) -> ModelReference:
    """What a model is known by from now on. `beside` is the base model's server; `dtype` the type of the weights.

    Of an `adapted` model's prompts those are taken that tell it from its base. Raises RequestFailed, and OutsideError
    where two models answer.
    """
    identity = await client.identity(adapter)
    first, second = [await _prefills(client, adapter) for _ in range(2)]
    base: list[list[Token]] = []
    if adapted and first and not (adapter is None and beside is None):
        with contextlib.suppress(RequestFailed):  # a server that does not answer as the base model
            base = await _prefills(beside or client, None)
    cap = SAME_FLOAT32 if (dtype or "").removeprefix("torch.") == "float32" else SAME
    _refuse_two(first, second, cap)
    prompts = [
        _reference_prompt(text, first[index], second[index], base[index] if base else None, cap)
        for index, text in enumerate(PROMPTS)
        if first and len(first[index]) == len(second[index])
    ]
    telling = [prompt for prompt, tells in prompts if tells]
    usable = tuple(
        prompt
        for prompt in telling or [prompt for prompt, _ in prompts]
        if any(value is not None for value in prompt.logprobs)
    )
    # Numbers that would not show the base model in the adapter's place do not prove alone.
    return ModelReference(identity, usable, () if telling and usable else await _texts(client, adapter))


async def by_texts(client: Client, adapter: str | None, known: ModelReference) -> ModelReference:
    """The same model, known by its texts: where others use the server, its log-probabilities can't be asked."""
    return replace(known, prompts=(), texts=known.texts or await _texts(client, adapter))


def _refuse_two(first: Sequence[Sequence[Token]], second: Sequence[Sequence[Token]], cap: float) -> None:
    """Raises OutsideError where the same prompt, asked twice, is answered by two models."""
    for text, tokens, repeated in zip(PROMPTS, first, second, strict=False):
        gap = mean_gap(_values(tokens), _values(repeated)) or 0.0
        if gap > cap:
            raise OutsideError(
                f"the server answers the fixed prompt {text[:30]!r}… in two ways, {gap:.3g} nats a token apart (at "
                f"most {cap:.2g} may be): several servers behind the address serve different models. Nothing was "
                "judged."
            )


def mean_gap(ones: Sequence[float | None], others: Sequence[float | None]) -> float | None:
    """Mean difference of the tokens that have a log-probability on both sides (nats); None where there are none."""
    pairs = [(a, b) for a, b in zip(ones, others, strict=False) if a is not None and b is not None]
    return fmean(abs(a - b) for a, b in pairs) if pairs else None


async def _prefills(client: Client, adapter: str | None) -> list[list[Token]]:
    """One after the other; [] where the server gives no log-probabilities, or has no such route for us."""
    prefills = []
    for text in PROMPTS:
        try:
            tokens = await client.prefill(text, adapter)
        except KeyRefused:
            return []
        if all(token.logprob is None for token in tokens):
            return []
        prefills.append(tokens)
    return prefills


def _reference_prompt(
    text: str, first: Sequence[Token], repeated: Sequence[Token], base: Sequence[Token] | None, cap: float
) -> tuple[ReferencePrompt, bool]:
    """The prompt, and whether the base model in the adapter's place would be seen by it."""
    values, second = _values(first), _values(repeated)
    noise = ABOVE_NOISE * (mean_gap(values, second) or 0.0)
    apart = mean_gap(values, _values(base)) if base is not None else None
    limit = max(noise, LEAST, cap if apart is None else min(cap, apart / 2))
    return ReferencePrompt(text, tuple(token.id for token in first), values, limit), apart is None or limit < apart


def _values(tokens: Sequence[Token]) -> tuple[float | None, ...]:
    return tuple(token.logprob for token in tokens)


async def _texts(client: Client, adapter: str | None) -> tuple[ReferenceText, ...]:
    """The chats whose answer is the same twice."""
    texts = []
    for question in CHATS:
        answers = [await greedy_answer(client, adapter, question) for _ in range(2)]
        if answers[0] is not None and answers[0] == answers[1]:
            texts.append(ReferenceText(question, answers[0]))
    return tuple(texts)


async def greedy_answer(client: Client, adapter: str | None, question: str) -> str | None:
    """The greedy answer to a fixed chat turn; None where there is none."""
    return (await client.chat("fixed prompt", [{"role": "user", "content": question}], GREEDY, adapter)).text
