"""What every task kind gives. Its dataclass fields are the task's own YAML keys.

A kind may have `doubts(targets) -> list[str]`: sentences that warn where its keys don't fit the rows' targets.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from harness.core.samples import Json


class TaskKind(Protocol):
    """A kind of task. Pure: it sees texts and targets, never a server.

    `asks` tells who forms the requests: "prompt" (our templates, generated text) or "lm_eval" (lm-eval's own).
    """

    asks: ClassVar[str]
    default_metrics: ClassVar[tuple[str, ...]]

    def check(self) -> list[str]:
        """What is wrong with the task's own keys, one sentence each."""
        ...

    def check_target(self, target: Json) -> str | None:
        """What is wrong with a row's target, or None."""
        ...

    def write(self, target: Json) -> str:
        """The target as the text that a perfect model would give."""
        ...

    def read(self, text: str) -> Json:
        """The answer in a model's text. Raises ValueError with the reason where there is none."""
        ...
