"""Classes: none outside the label set, none missing, none that drowns the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from harness.core.folding import casefolded
from harness.data.checks._found import Hits, counted, quoted
from harness.data.checks._portions import Portion, Portions, label_of
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

MOST_IMBALANCE = 10  # rows of the largest class for one of the smallest
_STRANGE = 1_000  # rows outside the set from which on a portion is looked at closely
_SHOWN = 10


class Check:
    """Counts classes by task; of rows outside the label set it keeps where they stand."""

    def __init__(self, setting: Setting) -> None:
        self._setting, self._known = setting, frozenset(setting.labels)
        self._portions = Portions()
        self._strange: dict[str, dict[str | None, Hits]] = defaultdict(dict)

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        for row, portion in zip(rows, self._portions.add(rows), strict=True):
            label = label_of(row)
            if self._known and label not in self._known and not self._is_other(portion):
                # What is right but for spaces is mended by `--fix`, not left out.
                drops = label is None or label.strip() not in self._known
                self._strange[portion.system].setdefault(label, Hits(drops)).add(row)

    def _is_other(self, portion: Portion) -> bool:
        """Whether the rows surely are of another task, whose targets need not be kept."""
        return portion.rows > _STRANGE and not portion.fits(self._setting)

    def findings(self) -> Iterator[DataFinding]:
        """Labels outside the set, then missing classes and imbalance."""
        ours = [portion for portion in self._portions if self._is_ours(portion)]
        for portion in ours:
            for label, hits in self._strange[portion.system].items():
                yield from self._outside(portion, label, hits)
        for portion in ours:
            yield from self._balance(portion, portion.labels or Counter())

    def _is_ours(self, portion: Portion) -> bool:
        return portion.fits(self._setting) if self._known else portion.are_labels

    def _outside(self, portion: Portion, label: str | None, hits: Hits) -> Iterator[DataFinding]:
        what = "a target that is too long for a label" if label is None else f"the label {quoted(label)}"
        near = next((one for one in self._known if label and casefolded(one) == casefolded(label)), "")
        meant = f" (meant as {quoted(near)}?)" if near else ""
        message = f"{{rows}} with {what}, which is not in the label set{meant}{portion.name}."
        advice = "Correct the label, or add it to the suite's labels; `--fix` leaves the rows out."
        yield from hits.finding("labels", Severity.ERROR, message, advice)

    def _balance(self, portion: Portion, counts: Counter[str]) -> Iterator[DataFinding]:
        held = Counter({label: counts[label] for label in self._setting.labels or counts})
        if absent := [label for label, count in held.items() if not count]:
            message = f"no row has the label {_named(absent)}{portion.name}."
            yield DataFinding("labels", Severity.WARNING, message, "Add rows: an unseen class can't be learnt.")
        there = [(label, count) for label, count in held.most_common() if count]
        (most, large), (least, small) = there[0], there[-1]
        if large > MOST_IMBALANCE * small:
            message = f"{counted(large)} of {quoted(most)}, but {small:,} of {quoted(least)}{portion.name}."
            advice = f"Add rows of the small classes, until none has under a {MOST_IMBALANCE}th of the largest."
            yield DataFinding("labels", Severity.WARNING, message, advice)


def _named(labels: Sequence[str]) -> str:
    rest = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
    return ", ".join(quoted(label) for label in labels[:_SHOWN]) + rest
