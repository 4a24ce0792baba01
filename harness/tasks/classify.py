"""Classification: the answer is one label of a fixed set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
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
        forms, turkish = _forms(tuple(self.labels))
        label = forms.get(plain(text)) or turkish.get(caseless(bare(text)))
        if label is None:
            raise ValueError("the text is none of the labels")
        return label


@lru_cache(maxsize=64)
def _forms(labels: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str | None]]:
    """The labels by their plain forms, and by those in which the letters i of Turkish are one (None: several labels).

    A capital I is that of i or, in Turkish, of ı: where only one label is meant by either, it is that one.
    """
    forms: dict[str, str] = {}
    turkish: dict[str, str | None] = {}
    for label in labels:
        forms.setdefault(plain(label), label)
        form = caseless(bare(label))
        turkish[form] = None if form in turkish else label
    return forms, turkish
