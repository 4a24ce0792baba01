"""What is known of a release's data, in numbers. `harness data report` fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.report.numbers import Lengths


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that was read: its side (train, validation, production), its rows and its digest."""

    side: str
    name: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class RowSet:
    """The rows of one side for one task ("": of no task that can be told). Lengths are characters.

    `labels` is empty where targets are no labels. `tokens` are lengths by the base model's tokenizer after its chat
    template over `drawn` rows, None where they are not known; `too_long` is how many of those exceed the context.
    """

    task: str
    side: str
    rows: int
    labels: Mapping[str, int]
    inputs: Lengths
    targets: Lengths | None
    tokens: Lengths | None = None
    drawn: int = 0
    too_long: int = 0


@dataclass(frozen=True, slots=True)
class DriftValue:
    """A distance in [0, 1], what 95 of 100 chance splits stay below, and how often chance comes so far."""

    value: float
    usual: float
    p: float


@dataclass(frozen=True, slots=True)
class Drift:
    """Two sides of a task held against each other; `rows` of each were looked at."""

    task: str
    sides: tuple[str, str]
    rows: tuple[int, int]
    labels: DriftValue | None
    lengths: DriftValue
    words: DriftValue


@dataclass(frozen=True, slots=True)
class Leak:
    """A row that holds a sample, in a sentence, and of which kind."""

    task: str
    sample: str
    kind: str
    place: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FoundInData:
    """What a check found. `severity` is error, warning or note; `places` are rows, of `count` that there are."""

    check: str
    severity: str
    message: str
    advice: str
    places: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class DataReport:
    """All of it. `context` is the training's length in tokens, None where it is not known.

    `unreadable` are rows that could not be read, as sentences. `leaks` are all pairs, `allowed` how many samples the
    policy lets leak; `searched` is False where they could not be looked for.
    """

    release: str
    made: str
    files: tuple[DataFile, ...]
    sets: tuple[RowSet, ...]
    context: int | None
    unreadable: tuple[str, ...]
    findings: tuple[FoundInData, ...]
    leaks: tuple[Leak, ...]
    allowed: int
    drift: tuple[Drift, ...]
    notes: tuple[str, ...] = ()
    searched: bool = True
