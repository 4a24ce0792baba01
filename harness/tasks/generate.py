"""Free text: the answer is the text itself, compared with a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from harness.core.samples import Json


@dataclass(frozen=True, slots=True)
class Generate:
    """Text; `max_words` is the length that the format allows (None: any).

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
        words = len(text.split())
        if self.max_words is not None and words > self.max_words:
            raise ValueError(f"the text has {words} words; {self.max_words} are allowed")
        return text.strip()
