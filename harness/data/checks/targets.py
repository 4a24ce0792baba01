"""What is to be learnt: not empty, not cut off, and JSON where the others are JSON."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.data.checks._found import Hits
from harness.data.checks._portions import system_of
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

LEAST_LENGTH = 40  # characters of the shortest target that is looked at for its end
MOST_UNLIKE = 0.1  # the share of targets with a bad end up to which these are faults, and not how targets are
LEAST_RIGHT = 5
_AT_ONE_LENGTH = 0.005  # the share of targets of the greatest length from which on they look cut at it
_ENDS = frozenset(".!?。！？…:)]}\"'”’»`*|>")
_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"))
_ERROR, _WARNING = Severity.ERROR, Severity.WARNING


@dataclass(slots=True)
class _Ends:
    """Of the rows with one system prompt: how many targets are right, and which are not."""

    ended: int = 0
    closed: int = 0
    parsed: int = 0
    unended: Hits = field(default_factory=Hits)
    unclosed: Hits = field(default_factory=Hits)
    unparsed: Hits = field(default_factory=lambda: Hits(drops=True))


class Check:
    """Looks at each target, and holds its end against the ends of the others of its task."""

    def __init__(self, setting: Setting) -> None:
        self._empty = Hits(drops=True)
        self._ends: dict[str, _Ends] = defaultdict(_Ends)
        self._lengths: Counter[int] = Counter()
        self._longest, self._most = Hits(), LEAST_LENGTH

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        for row in rows:
            target = row.target.strip()
            if not target:
                self._empty.add(row)
            elif target[0] in "{[":
                _look_at_record(target, row, self._ends[system_of(row.turns)])
            elif len(target) >= LEAST_LENGTH:
                _look_at_end(target, row, self._ends[system_of(row.turns)])
            if len(row.target) >= self._most:
                self._look_at_length(row)

    def _look_at_length(self, row: DataRow) -> None:
        self._lengths[len(row.target)] += 1
        if len(row.target) > self._most:
            self._longest, self._most = Hits(), len(row.target)
        self._longest.add(row)

    def findings(self) -> Iterator[DataFinding]:
        """Empty targets and broken JSON, then what looks cut."""
        advice = "Write the target, or leave the rows out with `--fix`."
        yield from self._empty.finding(
            "targets", _ERROR, "{rows} with an empty target: there is nothing to learn.", advice
        )
        advice = "Mend the JSON at its source, or leave the rows out with `--fix`."
        for one in self._ends.values():
            if _is_fault(one.unparsed, one.parsed):
                message = f"{{rows}} with a target that is broken JSON, while {one.parsed:,} others are JSON."
                yield from one.unparsed.finding("targets", _ERROR, message, advice)
        yield from self._cut()

    def _cut(self) -> Iterator[DataFinding]:
        advice = "Look whether they were cut on export: the model would learn to stop in mid-sentence."
        for one in self._ends.values():
            if _is_fault(one.unclosed, one.closed):
                message = "{rows} with a target that opens a bracket or a code block and does not close it."
                yield from one.unclosed.finding("targets", _WARNING, message, advice)
            if _is_fault(one.unended, one.ended):
                message = f"{{rows}} with a target without an end, while {one.ended:,} others end with a mark."
                yield from one.unended.finding("targets", _WARNING, message, advice)
        nearby = max((count for length, count in self._lengths.items() if length < self._most), default=0)
        rows = self._lengths.total()
        if self._longest.count > max(LEAST_RIGHT, _AT_ONE_LENGTH * rows, 3 * nearby):
            message = f"{{rows}} with a target of exactly {self._most:,} characters, and none is longer."
            yield from self._longest.finding("targets", _WARNING, message, advice)


def _look_at_record(target: str, row: DataRow, ends: _Ends) -> None:
    try:
        json.loads(target)
    except (ValueError, RecursionError):
        ends.unparsed.add(row)
    else:
        ends.parsed += 1


def _look_at_end(target: str, row: DataRow, ends: _Ends) -> None:
    if target[-1] in _ENDS:
        ends.ended += 1
    else:
        ends.unended.add(row)
    if target.count("```") % 2 or any(target.count(start) > target.count(end) for start, end in _PAIRS):
        ends.unclosed.add(row)
    else:
        ends.closed += 1


def _is_fault(wrong: Hits, right: int) -> bool:
    return right >= LEAST_RIGHT and wrong.count <= MOST_UNLIKE * (wrong.count + right)
