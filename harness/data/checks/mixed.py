"""One way throughout: one format, one wording of each system prompt, one spelling of each label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from harness.core.folding import casefolded
from harness.core.words import words
from harness.data.checks._found import Hits, quoted
from harness.data.checks._portions import Portions, label_of, system_of
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

MOST_PROMPTS = 1_000
_FEW = 0.2  # the share of rows without a system prompt up to which it looks forgotten


class Check:
    """Counts formats, system prompts and spellings; of the rarer ones it keeps where they stand."""

    def __init__(self, setting: Setting) -> None:
        self._formats: dict[str, Hits] = defaultdict(Hits)
        self._prompts: dict[str, Hits] = defaultdict(Hits)
        self._spellings: dict[tuple[str, str], dict[str, Hits]] = defaultdict(lambda: defaultdict(Hits))
        self._portions, self._spaced, self._plain = Portions(), Hits(), 0

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        for row, portion in zip(rows, self._portions.add(rows), strict=True):
            self._formats[row.format].add(row)
            system = system_of(row.turns)
            if system in self._prompts or len(self._prompts) < MOST_PROMPTS:
                self._prompts[system].add(row)
            label = label_of(row)
            if label is not None and portion.labels is not None:
                self._spellings[portion.system, casefolded(label)][label.strip()].add(row)
            if row.target != row.target.strip():
                self._spaced.add(row)
            else:
                self._plain += 1

    def findings(self) -> Iterator[DataFinding]:
        """What stands in two ways, the rarer one's rows named."""
        yield from _rarer(self._formats)
        yield from self._system_prompts()
        yield from self._labels()
        if self._plain >= self._spaced.count:
            message = "{rows} with spaces or line ends around the target, while the others have none."
            advice = "Take them off (`--fix` does): the model learns them as a part of the answer."
            yield from self._spaced.finding("mixed", Severity.WARNING, message, advice)

    def _system_prompts(self) -> Iterator[DataFinding]:
        wordings: dict[str, list[str]] = defaultdict(list)
        for prompt in self._prompts:
            wordings[" ".join(words(prompt))].append(prompt)
        for same in wordings.values():
            most, *others = sorted(same, key=lambda one: -self._prompts[one].count)
            for other in others if most.strip() else ():
                message = f"{{rows}} with a system prompt that is {quoted(most)} but for case, spaces or marks."
                advice = "Use one wording: the one that the suite asks with."
                yield from self._prompts[other].finding("mixed", Severity.WARNING, message, advice)
        rows = sum(hits.count for hits in self._prompts.values())
        bare = self._prompts.get("", Hits())
        if 0 < bare.count <= _FEW * rows:
            message = "{rows} without a system prompt, while the others have one."
            advice = "Give them the system prompt of their task, or leave it out everywhere."
            yield from bare.finding("mixed", Severity.WARNING, message, advice)

    def _labels(self) -> Iterator[DataFinding]:
        classes = {portion.system for portion in self._portions if portion.are_labels}
        for (system, _), spellings in self._spellings.items():
            most, *others = sorted(spellings, key=lambda one: -spellings[one].count)
            for other in others if system in classes else ():
                message = f"{{rows}} with the label {quoted(other)}, which the others write {quoted(most)}."
                yield from spellings[other].finding("mixed", Severity.WARNING, message, "Write a label in one way.")


def _rarer(formats: dict[str, Hits]) -> Iterator[DataFinding]:
    most, *others = sorted(formats, key=lambda one: -formats[one].count) or [""]
    for other in others:
        message = f"{{rows}} of the format '{other}', while the others are '{most}'."
        advice = "Bring all rows into one format (`harness data convert`)."
        yield from formats[other].finding("mixed", Severity.WARNING, message, advice)
