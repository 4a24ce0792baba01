"""Free text: the answer is the text itself, compared with a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from harness.core.samples import Json
from harness.core.words import is_unspaced, written_words


@dataclass(frozen=True, slots=True)
class Generate:
    """Text; `max_words` is the length that the format allows (None: any).

    Words are what stands between spaces; in scripts written without spaces each character counts as one.

    `cut_off` says what an answer is worth that ran into max_new_tokens: with "score" that of the text which is there,
    and only `format` counts it as broken; with "fail" nothing.
    """

    asks: ClassVar[str] = "prompt"
    default_metrics: ClassVar[tuple[str, ...]] = ("rouge_l", "bert_score", "format")

    max_words: int | None = None
    cut_off: Literal["score", "fail"] = "score"

    def check(self) -> list[str]:
        """A length limit must leave room for a word."""
        return ["'max_words' must be 1 or more."] if self.max_words is not None and self.max_words < 1 else []

    def doubts(self, targets: Sequence[Json]) -> list[str]:
        """Whether targets are longer than answers may be."""
        most = self.max_words
        long = [text for text in map(str, targets) if most is not None and len(written_words(text)) > most]
        if not long:
            return []
        how = " (in scripts without spaces each character counts)" if any(map(is_unspaced, long)) else ""
        message = f"{len(long)} of {len(targets)} targets have more than 'max_words: {most}' words themselves{how}"
        return [f"{message}, so the right answer would break the format. Raise it, or shorten them."]

    def check_target(self, target: Json) -> str | None:
        """The reference must be text with something in it."""
        if isinstance(target, str) and target.strip():
            return None
        return "the target must be a text that is not empty."

    def write(self, target: Json) -> str:
        """The reference itself."""
        return str(target)

    def read(self, text: str) -> str:
        """The text without surrounding space. Raises ValueError where it is too long."""
        words = len(written_words(text)) if self.max_words is not None else 0
        if self.max_words is not None and words > self.max_words:
            raise ValueError(f"the text has {words} words; {self.max_words} are allowed")
        return text.strip()
