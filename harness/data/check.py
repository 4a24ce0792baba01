"""All checks over all rows, in one pass: what was found, and what the rows are in figures."""

from __future__ import annotations

import importlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness import catalog
from harness.core.errors import ConfigError, Problem
from harness.data.checks._portions import Portions
from harness.data.checks.interface import Check, Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

FAMILY = "data.checks"
QUANTILES = (0.0, 0.05, 0.5, 0.95, 0.99, 1.0)
_ORDER = list(Severity)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks found, the gravest first. `files` and `formats` count rows; lengths are characters at QUANTILES.

    `labels` are the classes of the portions that have some, with their rows. `problems` are rows that could not be
    read: as grave as an error.
    """

    rows: int
    files: Mapping[str, int]
    formats: Mapping[str, int]
    labels: Mapping[str, int]
    input_lengths: tuple[int, ...]
    target_lengths: tuple[int, ...]
    findings: tuple[DataFinding, ...]
    problems: tuple[Problem, ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity; unreadable rows are errors."""
        unread = len(self.problems) if severity == Severity.ERROR else 0
        return unread + sum(1 for one in self.findings if one.severity == severity)

    @property
    def has_errors(self) -> bool:
        """Whether something must be mended before training."""
        return self.count(Severity.ERROR) > 0


@dataclass(slots=True)
class _Figures:
    files: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    portions: Portions = field(default_factory=Portions)
    inputs: array[int] = field(default_factory=lambda: array("i"))
    targets: array[int] = field(default_factory=lambda: array("i"))

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self.files.update([row.file for row in rows])
        self.formats.update([row.format for row in rows])
        self.inputs.extend([len(row.input) for row in rows])
        self.targets.extend([len(row.target) for row in rows])
        for _ in self.portions.add(rows):
            pass

    def labels(self) -> Counter[str]:
        """The classes of all portions, the most frequent first."""
        found: Counter[str] = Counter()
        for portion in self.portions:
            found.update(portion.labels or {} if portion.are_labels else {})
        return Counter(dict(found.most_common()))


def check_names() -> tuple[str, ...]:
    """The names of all checks."""
    return catalog.names(FAMILY)


def check_rows(batches: Iterable[Sequence[DataRow]], setting: Setting, names: Sequence[str] | None = None) -> Checked:
    """Let the checks of these names (None: all) look at all rows once. Raises ConfigError for an unknown name."""
    chosen = check_names() if names is None else tuple(dict.fromkeys(names))
    if unknown := [name for name in chosen if name not in check_names()]:
        raise ConfigError(f"there is no check {', '.join(unknown)}; known: {', '.join(check_names())}.")
    checks = [_made(name, setting) for name in chosen]
    figures = _Figures()
    for rows in batches:
        figures.look(rows)
        for check in checks:
            check.look(rows)
    found = [finding for check in checks for finding in check.findings()]
    return Checked(
        rows=len(figures.inputs),
        files=dict(figures.files),
        formats=dict(figures.formats),
        labels=dict(figures.labels()),
        input_lengths=_quantiles(figures.inputs),
        target_lengths=_quantiles(figures.targets),
        findings=tuple(sorted(found, key=lambda one: _ORDER.index(one.severity))),
    )


def _made(name: str, setting: Setting) -> Check:
    made: Check = importlib.import_module(f"harness.{FAMILY}.{name}").Check(setting)
    return made


def _quantiles(lengths: array[int]) -> tuple[int, ...]:
    if not lengths:
        return ()
    return tuple(int(one) for one in np.quantile(np.asarray(lengths), QUANTILES, method="inverted_cdf"))
