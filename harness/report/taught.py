"""The data that taught and asked the candidate."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaughtData:
    """Rows that the adapter was made with: `what` is training or validation; `rows` None where nobody counted."""

    what: str
    rows: int | None
    digest: str


@dataclass(frozen=True, slots=True)
class AskedData:
    """The samples of a task. `digest` None: run by a harness that kept none.

    `sought`: its questions were looked for among the rows that taught, and none was found (a release where one is
    found is refused). False: nobody looked, so nothing is known.
    """

    suite: str
    task: str
    samples: int
    digest: str | None
    sought: bool


@dataclass(frozen=True, slots=True)
class DataNumbers:
    """The data of a decision. `taught` is empty where the adapter was given."""

    taught: tuple[TaughtData, ...]
    asked: tuple[AskedData, ...]
