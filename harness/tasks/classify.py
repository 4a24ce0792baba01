"""Classification: the answer is one label of a fixed set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.core.folding import caseless
from harness.core.samples import Json
from harness.tasks._twins import bare, plain, twins


@dataclass(frozen=True, slots=True)
class Classify:
    """One of `labels`. Case, Unicode form, runs of space and surrounding quotes, full stops or marks do not count.

    Any other text is no answer.
    """

    asks: ClassVar[str] = "prompt"
    default_metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "format")

    labels: list[str]

    def check(self) -> list[str]:
        """At least two labels, no two that read or look alike, none that is empty."""
        found = [] if len(self.labels) > 1 else ["'labels' needs at least two labels."]
        found += ["'labels' holds an empty label."] if any(not plain(label) for label in self.labels) else []
        return found + twins("label", "'labels'", self.labels)

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
        wanted, turkish = plain(text), caseless(bare(text))
        for label in self.labels:
            if plain(label) == wanted:
                return label
        # A capital I is that of i or, in Turkish, of ı: where only one label is meant by either, it is that one.
        near = [label for label in self.labels if caseless(bare(label)) == turkish]
        if len(near) == 1:
            return near[0]
        raise ValueError("the text is none of the labels")
