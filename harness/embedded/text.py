"""The tokenizer: text to ids, ids to text as they arrive, messages to a prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import template_failed


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of a text, and the characters `start:stop` that it covers."""

    id: int
    text: str
    start: int
    stop: int


class Text:
    """A transformers tokenizer behind the few calls that the server makes; safe from several threads."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.special: frozenset[int] = frozenset(tokenizer.all_special_ids)

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=add_special_tokens).input_ids
        return ids

    def pieces(self, text: str, add_special_tokens: bool = True) -> list[Piece]:
        coded = self._tokenizer(text, add_special_tokens=add_special_tokens, return_offsets_mapping=True)
        spans = zip(coded.input_ids, coded.offset_mapping, strict=True)
        return [Piece(token, text[start:stop], start, stop) for token, (start, stop) in spans]

    def decode(self, ids: Sequence[int], skip_special: bool = False) -> str:
        text: str = self._tokenizer.decode(
            list(ids), skip_special_tokens=skip_special, clean_up_tokenization_spaces=False
        )
        return text

    def each(self, ids: Sequence[int]) -> list[str]:
        """The text of every token on its own."""
        return [self.decode([token]) for token in ids]

    def chat(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The prompt for an assistant's turn. Raises ApiError where the template is missing or refuses."""
        if not self._tokenizer.chat_template:
            raise template_failed("the tokenizer has no chat template")
        try:
            prompt: str = self._tokenizer.apply_chat_template(
                [dict(message) for message in messages], tokenize=False, add_generation_prompt=True
            )
        except Exception as error:  # templates are code of the model's author: they raise what they like
            raise template_failed(str(error)) from error
        return prompt


class Detokenizer:
    """Text of tokens as they come: a token's text is held back until its characters are complete."""

    def __init__(self, text: Text, prompt: Sequence[int]) -> None:
        # A few tokens of context: how a token is spelled can depend on the one before it.
        self._ids = list(prompt[-5:])
        self._text = text
        self._start = len(self._ids)
        self._prefix, self._read = 0, len(self._ids)

    def push(self, token: int) -> str:
        """The text that `token` completes, special tokens spelled out; empty while it is incomplete."""
        self._ids.append(token)
        before = self._text.decode(self._ids[self._prefix : self._read])
        after = self._text.decode(self._ids[self._prefix :])
        if len(after) <= len(before) or after.endswith("\ufffd"):
            return ""
        self._prefix, self._read = self._read, len(self._ids)
        return after[len(before) :]

    def whole(self) -> str:
        """Everything pushed so far, without special tokens."""
        context = max(self._start - 1, 0)
        before = self._text.decode(self._ids[context : self._start], skip_special=True)
        return self._text.decode(self._ids[context:], skip_special=True)[len(before) :]
