"""A sample with all that was said to it, for a reader.

Texts are as they were stored: the views write out what is hidden in them (guard), and templates escape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.samples import Json, Outcome


@dataclass(frozen=True, slots=True)
class Said:
    """What one model gave for a sample. `score` is in [0, 1], None where there is none; `latency` in seconds.

    `answer` is the text as its task read it (a label, a record as JSON), "" where it could not be read.
    """

    text: str
    outcome: Outcome
    reason: str = ""
    score: float | None = None
    latency: float | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One sample with all that was said to it, by role. `row` is the sample's row without its target.

    `target_columns` are the columns of the row that hold the target.
    """

    suite: str
    task: str
    id: str
    input: str
    target: str
    said: Mapping[str, Said]
    row: Mapping[str, Json] = field(default_factory=dict)
    slices: Mapping[str, str] = field(default_factory=dict)
    target_columns: tuple[str, ...] = ()
