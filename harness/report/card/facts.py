"""What a model card is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.decisions import Decision
from harness.core.versions import Version


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A version with its decision. `version.number` 0: a decision that no version rests on yet.

    `base` is the base model's name on the Hub, None where it has none. `kinds` are the kinds of tasks, by
    "suite" and "suite.task". `stage` is where the version stands ("" without one).
    """

    decision: Decision
    version: Version
    base: str | None
    kinds: Mapping[str, str]
    stage: str = ""
    license: str | None = None
    languages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the model is called: "support-desk v3"."""
        release = self.decision.release
        return f"{release} {self.version.name}" if self.version.number else f"{release} {self.decision.id[:8]}"
