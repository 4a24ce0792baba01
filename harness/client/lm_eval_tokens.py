"""The base model's tokenizer, called as lm-eval's hf backend calls it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from harness.core.errors import ConfigError

# What lm-eval takes where neither config nor tokenizer knows a length, and above what a tokenizer means "unknown".
_DEFAULT_LENGTH, _NO_LENGTH = 2048, 10**20


class Tokens:
    """Texts to token ids and back. Raises ConfigError where the folder `base` holds no tokenizer."""

    def __init__(self, base: Path) -> None:
        from transformers import AutoTokenizer

        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(str(base))
            self._config = json.loads((base / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(f"the tokenizer of the base model in '{base.name}' cannot be read: {error}") from None
        self.eos_id: int | None = self._tokenizer.eos_token_id
        bos: int | None = self._tokenizer.bos_token_id
        self._prefix = self.eos_id if bos is None else bos
        self.prefix_text: str = "" if self._prefix is None else str(self._tokenizer.decode([self._prefix]))
        self.adds_prefix: bool = bos is not None and self._tokenizer.encode("a")[:1] == [bos]

    @property
    def prefix_id(self) -> int:
        """What stands before a text that has no context: BOS, else EOS."""
        if self._prefix is None:
            raise ConfigError("the base model's tokenizer names neither a BOS nor an EOS token; lm-eval needs one.")
        return self._prefix

    @property
    def eos_text(self) -> str | None:
        """The end of sequence, spelled out."""
        return None if self.eos_id is None else str(self._tokenizer.decode([self.eos_id]))

    @property
    def max_length(self) -> int:
        """The longest input that the base model is made for, in tokens."""
        for key in ("n_positions", "max_position_embeddings", "n_ctx"):
            if self._config.get(key):
                return int(self._config[key])
        length = int(self._tokenizer.model_max_length)
        return _DEFAULT_LENGTH if length >= _NO_LENGTH else length

    def encode(self, text: str) -> list[int]:
        """Token ids with the special tokens that the tokenizer adds; no second BOS where the text begins with it."""
        return self.plain(text) if self._begins(text) else list(self._tokenizer.encode(text))

    def plain(self, text: str) -> list[int]:
        """Token ids of the text alone; special tokens that it spells out are read as such."""
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def spans(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """The ids of `plain`, and the characters `start:stop` of each."""
        coded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        return list(coded.input_ids), list(coded.offset_mapping)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of generated tokens up to the end of sequence, special tokens left out."""
        kept = list(takewhile(lambda token: token != self.eos_id, ids))
        return str(self._tokenizer.decode(kept, skip_special_tokens=True))

    def chat(self, turns: Sequence[Mapping[str, str]], add_generation_prompt: bool = True) -> str:
        """Turns as the chat template spells them, as lm-eval's hf backend does. Raises ConfigError without a template.

        A template that refuses a system turn is asked without it.
        """
        from jinja2.exceptions import TemplateError

        if not self._tokenizer.chat_template:
            raise ConfigError("the base model has no chat template; leave out 'apply_chat_template'.")
        how = {
            "tokenize": False,
            "add_generation_prompt": add_generation_prompt,
            "continue_final_message": not add_generation_prompt,
        }
        try:
            return str(self._tokenizer.apply_chat_template(list(turns), **how))
        except TemplateError:
            rest = [turn for turn in turns if turn["role"] != "system"]
        try:
            return str(self._tokenizer.apply_chat_template(rest, **how))
        except TemplateError as error:
            raise ConfigError(f"the base model's chat template refuses a prompt of the lm-eval task: {error}") from None

    def spelled(self, text: str) -> str:
        """The text with the BOS spelled out that `encode` adds."""
        return self.prefix_text + text if self.adds_prefix and not self._begins(text) else text

    def sent(self, spelled: str) -> str:
        """What to send for a spelled-out text to a server whose tokenizer adds what this one adds."""
        return spelled.removeprefix(self.prefix_text) if self.adds_prefix else spelled

    def _begins(self, text: str) -> bool:
        return self._prefix is not None and text.startswith(self.prefix_text)
