"""A task of lm-evaluation-harness: its own data, prompts and scoring, asked of the deployed model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.core.samples import Json


@dataclass(frozen=True, slots=True)
class LmEval:
    """`task` is lm-eval's name of a task or a group; `include` a folder with the YAML of local tasks.

    `limit` asks only the first rows of each task; `num_fewshot` puts so many examples before each prompt (default: as
    the task says). `score` names lm-eval's metric that counts for a sample, where it is not acc or exact_match:
    `acc_norm`, or `exact_match,flexible-extract` with the filter that its answer goes through. `apply_chat_template`
    puts each prompt through the base model's chat template, as lm-eval does; `fewshot_as_multiturn` then gives its
    examples as turns of their own (default: true), else in the user's turn.
    """

    asks: ClassVar[str] = "lm_eval"
    default_metrics: ClassVar[tuple[str, ...]] = ("accuracy",)

    task: str
    include: str | None = None
    limit: int | None = None
    num_fewshot: int | None = None
    score: str | None = None
    apply_chat_template: bool = False
    fewshot_as_multiturn: bool | None = None

    def check(self) -> list[str]:
        """A limit must leave something to ask, a number of examples must be one, a score must have a name."""
        problems = ["'limit' must be 1 or more."] if self.limit is not None and self.limit < 1 else []
        problems += (
            ["'num_fewshot' must be 0 or more."] if self.num_fewshot is not None and self.num_fewshot < 0 else []
        )
        if self.fewshot_as_multiturn is not None and not self.apply_chat_template:
            problems.append("'fewshot_as_multiturn' needs 'apply_chat_template: true'.")
        return problems + (["'score' is empty."] if self.score is not None and not self.score.strip() else [])

    def check_target(self, target: Json) -> str | None:
        """lm-eval checks its own rows."""
        return None

    def write(self, target: Json) -> str:
        """The target as text."""
        return str(target)

    def read(self, text: str) -> str:
        """lm-eval reads its own answers."""
        return text
