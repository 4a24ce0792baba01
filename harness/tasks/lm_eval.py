"""A task of lm-evaluation-harness: its own data, prompts and scoring, asked of the deployed model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.core.samples import Json


@dataclass(frozen=True, slots=True)
class LmEval:
    """`task` is lm-eval's name; `include` a folder with the YAML of local tasks; `limit` asks only the first rows."""

    asks: ClassVar[str] = "lm_eval"
    default_metrics: ClassVar[tuple[str, ...]] = ("accuracy",)

    task: str
    include: str | None = None
    limit: int | None = None

    def check(self) -> list[str]:
        """A limit must leave something to ask."""
        return ["'limit' must be 1 or more."] if self.limit is not None and self.limit < 1 else []

    def check_target(self, target: Json) -> str | None:
        """lm-eval checks its own rows."""
        return None

    def write(self, target: Json) -> str:
        """The target as text."""
        return str(target)

    def read(self, text: str) -> str:
        """lm-eval reads its own answers."""
        return text
