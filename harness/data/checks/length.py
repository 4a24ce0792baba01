"""Rows longer than the context, counted by the base model's own tokenizer after its chat template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.core.errors import ConfigError
from harness.data.checks._found import Hits
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow, Turn

_BATCH = 256
_MOST_BYTES = 4  # bytes of a character in UTF-8


class Check:
    """Tokenizes rows that may be too long. A token is a byte at least, so rows of fewer bytes surely fit."""

    def __init__(self, setting: Setting) -> None:
        self._context, self._folder = setting.context, setting.tokenizer
        self._template = tokenizer_of(setting.tokenizer) if setting.tokenizer and setting.context else None
        self._room: dict[tuple[str, ...], int] = {}
        self._hits, self._longest = Hits(drops=True), 0

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        if self._template is None:
            return
        long = [row for row in rows if not self._fits_surely(row)]
        for start in range(0, len(long), _BATCH):
            part = long[start : start + _BATCH]
            for row, tokens in zip(part, token_lengths(self._template, [turns_of(row) for row in part]), strict=True):
                self._longest = max(self._longest, tokens)
                if tokens > self._limit:
                    self._hits.add(row)

    @property
    def _limit(self) -> int:
        return self._context or 0

    def _fits_surely(self, row: DataRow) -> bool:
        turns = turns_of(row)
        roles = tuple(role for role, _ in turns)
        if roles not in self._room:
            empty = token_lengths(self._template, [[(role, "x") for role in roles]])[0]
            self._room[roles] = self._limit - empty
        characters = sum([len(text) for _, text in turns])
        if characters * _MOST_BYTES <= self._room[roles]:
            return True
        if characters > self._room[roles]:
            return False
        return sum(len(text.encode("utf-8", "replace")) for _, text in turns) <= self._room[roles]

    def findings(self) -> Iterator[DataFinding]:
        """Rows that are too long; a note where it could not be looked for."""
        if self._template is None:
            missing = "the base model's folder" if self._folder is None else "the training's sequence length"
            message = f"rows longer than the context were not looked for: {missing} is not known here."
            yield DataFinding(
                "length", Severity.NOTE, message, "Check with a release whose base model is on this disk."
            )
        message = f"{{rows}} longer than the context of {self._limit:,} tokens (the longest has {self._longest:,})."
        advice = (
            "Shorten them or raise sequence_len: what is beyond it is cut, the target first. `--fix` leaves them out."
        )
        yield from self._hits.finding("length", Severity.ERROR, message, advice)


def turns_of(row: DataRow) -> Sequence[Turn]:
    return row.turns or (("user", row.input), ("assistant", row.target))


def tokenizer_of(folder: Path) -> Any:
    """The tokenizer of a folder. Raises ConfigError where it cannot be read."""
    try:
        from transformers import AutoTokenizer
    except ImportError:
        return None
    try:
        return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError) as error:
        said = str(error).strip().splitlines()[0]
        raise ConfigError(f"the tokenizer of {folder} can't be read: {said} Name a base model's folder.") from error


def token_lengths(tokenizer: Any, chats: Sequence[Sequence[Turn]]) -> list[int]:
    """Tokens of each conversation as the training sees it."""
    if tokenizer.chat_template:
        texts = [
            tokenizer.apply_chat_template([{"role": role, "content": text} for role, text in turns], tokenize=False)
            for turns in chats
        ]
    else:
        texts = ["\n".join(text for _, text in turns) for turns in chats]
    special = not tokenizer.chat_template
    return [len(ids) for ids in tokenizer(texts, add_special_tokens=special, verbose=False)["input_ids"]]
