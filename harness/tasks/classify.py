"""Classification: the answer is one label of a fixed set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.core.samples import Json

# What models put around a label without meaning anything by it.
_AROUND = " \t\r\n\"'`.*"


@dataclass(frozen=True, slots=True)
class Classify:
    """One of `labels`. Case and surrounding quotes or full stops do not count; any other text is no answer."""

    asks: ClassVar[str] = "prompt"
    default_metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "format")

    labels: list[str]

    def check(self) -> list[str]:
        """At least two labels, no two that read alike, none that is empty."""
        folded = [label.strip(_AROUND).casefold() for label in self.labels]
        found = [] if len(folded) > 1 else ["'labels' needs at least two labels."]
        found += ["'labels' holds an empty label."] if "" in folded else []
        twice = sorted({label for label in folded if folded.count(label) > 1})
        return found + [f"the label '{label}' stands twice in 'labels'." for label in twice]

    def check_target(self, target: Json) -> str | None:
        """The target must be one of the labels, letter by letter."""
        if isinstance(target, str) and target in self.labels:
            return None
        return f"the label {target!r} is not among {', '.join(self.labels)}."

    def write(self, target: Json) -> str:
        """The label itself."""
        return str(target)

    def read(self, text: str) -> str:
        """The label that the text is. Raises ValueError where it is none of them."""
        wanted = text.strip(_AROUND).casefold()
        for label in self.labels:
            if label.strip(_AROUND).casefold() == wanted:
                return label
        raise ValueError("the text is none of the labels")
