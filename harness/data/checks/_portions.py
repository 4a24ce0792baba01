"""Rows by the task that they teach: those with one system prompt belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from harness.data.checks._found import quoted
from harness.data.checks.interface import Setting
from harness.data.rows import DataRow

MOST_LABELS = 2_000  # distinct short targets that are counted
MOST_PORTIONS = 1_000  # system prompts that are held apart; the rows of others belong to one portion
LABEL_LENGTH = 60  # characters of the longest target that may be a label
_RARE = 5  # rows for each distinct target, on the average, from which on targets are labels
_FIRST = 40  # rows after which so many long targets say that targets are no labels
_LONG = 0.05


@dataclass(slots=True)
class Portion:
    """What was counted of the rows with one system prompt: `given` have a label of their own, `records` are JSON.

    `labels` are None where targets are no labels.
    """

    system: str
    rows: int = 0
    turns: int = 0
    records: int = 0
    given: int = 0
    labels: Counter[str] | None = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """How messages name it: "" where it has no system prompt."""
        return f" under the system prompt {quoted(self.system)}" if self.system else ""

    @property
    def are_labels(self) -> bool:
        """Whether the targets are classes: given as such, or short and each of them several times."""
        if not self.labels:
            return False
        return self.given == self.rows or len(self.labels) <= max(2, self.rows // _RARE)

    def kind(self, setting: Setting) -> str:
        """The task kind, as set, or by what the rows look like."""
        if setting.kind and (setting.kind != "classify" or not setting.labels or self.fits(setting)):
            return setting.kind
        if self.turns > 1.5 * self.rows:
            return "conversation"
        if self.are_labels:
            return "classify"
        return "extract" if self.records >= 0.9 * self.rows else "generate"

    def fits(self, setting: Setting) -> bool:
        """Whether these rows are of the task with the set's labels: at least half of the targets are some of them."""
        known = sum(self.labels[label] for label in setting.labels) if self.labels else 0
        return known >= 0.5 * self.rows


class Portions:
    """The portions of a file, counted row by row."""

    def __init__(self) -> None:
        self._all: dict[str, Portion] = {}

    def add(self, rows: Iterable[DataRow]) -> Iterator[Portion]:
        """Take in rows; each one's portion."""
        for row in rows:
            portion = self.of(row)
            portion.rows += 1
            portion.turns += 1 if len(row.turns) < 4 else [role for role, _ in row.turns].count("user")
            portion.records += row.target[:1] in ("{", "[")
            portion.given += row.label is not None
            _count_label(portion, label_of(row))
            yield portion

    def of(self, row: DataRow) -> Portion:
        """The portion that a row belongs to."""
        system = system_of(row.turns)
        if system not in self._all and len(self._all) >= MOST_PORTIONS:
            system = "(others)"
        return self._all.setdefault(system, Portion(system))

    def __iter__(self) -> Iterator[Portion]:
        return iter(self._all.values())


def system_of(turns: Sequence[tuple[str, str]]) -> str:
    """The system prompt, "" where there is none."""
    return turns[0][1] if turns and turns[0][0] == "system" else ""


def label_of(row: DataRow) -> str | None:
    """The class of a row: its own label, or a target that is short enough to be one."""
    if row.label is not None:
        return row.label
    return row.target if len(row.target) <= LABEL_LENGTH and row.target[:1] not in ("{", "[") else None


def _count_label(portion: Portion, label: str | None) -> None:
    labels = portion.labels
    if labels is None or label == "":
        return
    if label is not None and (len(labels) < MOST_LABELS or label in labels):
        labels[label] += 1
    elif portion.rows > _FIRST and portion.rows - labels.total() > _LONG * portion.rows:
        portion.labels = None
