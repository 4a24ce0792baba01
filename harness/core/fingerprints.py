"""What base and adapter said to fixed prompts when the adapter was trained: a server must say the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from harness.core.samples import Json


@dataclass(frozen=True, slots=True)
class ScoredPrompt:
    """A prompt's token ids `[n]`, and the log-probabilities `[n - 1]` (nats) of all but the first by each model."""

    text: str
    ids: tuple[int, ...]
    base: tuple[float, ...]
    adapter: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chat:
    """Chat turns, and the token ids that the chat template trained with makes of them, up to the next answer."""

    messages: tuple[Mapping[str, str], ...]
    ids: tuple[int, ...]

    def as_json(self) -> dict[str, Json]:
        """As the training manifest holds it."""
        return {"messages": [dict(turn) for turn in self.messages], "ids": list(self.ids)}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`dtype` is the type that the numbers were computed in.

    `chat` is None where tokens cannot be compared: there is no chat template, or it writes today's date.
    """

    dtype: str
    prompts: tuple[ScoredPrompt, ...]
    chat: Chat | None

    def as_json(self) -> dict[str, Json]:
        """As the training manifest holds it."""
        prompts = [
            {"text": one.text, "ids": list(one.ids), "base": list(one.base), "adapter": list(one.adapter)}
            for one in self.prompts
        ]
        return {"dtype": self.dtype, "prompts": prompts, "chat": self.chat.as_json() if self.chat else None}

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Raises ValueError for anything that `as_json` does not give."""
        fields = _mapping(value, {"dtype", "prompts", "chat"})
        prompts = tuple(_prompt(one) for one in _list(fields["prompts"]))
        if not prompts:
            raise ValueError("a fingerprint has no prompts")
        chat = fields["chat"]
        return cls(_text(fields["dtype"]), prompts, None if chat is None else _chat(chat))


def _prompt(value: Json) -> ScoredPrompt:
    fields = _mapping(value, {"text", "ids", "base", "adapter"})
    ids, base, adapter = _ids(fields["ids"]), _logprobs(fields["base"]), _logprobs(fields["adapter"])
    if len(ids) < 2 or not len(base) == len(adapter) == len(ids) - 1:
        raise ValueError("a fingerprint needs one log-probability for each token after the first")
    return ScoredPrompt(_text(fields["text"]), ids, base, adapter)


def _chat(value: Json) -> Chat:
    fields = _mapping(value, {"messages", "ids"})
    turns = [_mapping(turn, {"role", "content"}) for turn in _list(fields["messages"])]
    messages = tuple({key: _text(said) for key, said in turn.items()} for turn in turns)
    ids = _ids(fields["ids"])
    if not messages or not ids:
        raise ValueError("a fingerprint's chat has no turns or no tokens")
    return Chat(messages, ids)


def _mapping(value: Json, keys: set[str]) -> Mapping[str, Json]:
    if not isinstance(value, dict) or value.keys() != keys:
        raise ValueError(f"expected a mapping with the keys {', '.join(sorted(keys))}")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise ValueError("expected a list")
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return value


def _ids(value: Json) -> tuple[int, ...]:
    ids = _list(value)
    if not all(type(one) is int and one >= 0 for one in ids):
        raise ValueError("expected token ids")
    return tuple(one for one in ids if isinstance(one, int))


def _logprobs(value: Json) -> tuple[float, ...]:
    numbers = tuple(float(one) for one in _list(value) if isinstance(one, int | float) and not isinstance(one, bool))
    if len(numbers) < len(_list(value)) or not all(math.isfinite(one) and one <= 1e-3 for one in numbers):
        raise ValueError("expected log-probabilities")
    return numbers
