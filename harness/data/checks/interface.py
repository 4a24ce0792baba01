"""What every check is: it sees all rows once, in order and in batches, and then tells what it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.core.samples import Json
from harness.data.findings import DataFinding
from harness.data.rows import DataRow


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known about the rows. `kind` is the task kind (classify, extract, …; "" unknown); `labels` its classes.

    `tokenizer` is the base model's tokenizer folder, `context` the length in tokens that the training takes; None
    where they are not known. `seed` is of everything that draws. `schema` are a team's own rules of the rows: a Python
    file and a name in it (`schema.py:ROWS`, in `root`), or columns as YAML has them.
    """

    kind: str = ""
    labels: tuple[str, ...] = ()
    tokenizer: Path | None = None
    context: int | None = None
    seed: int = 42
    schema: str | Mapping[str, Json] | None = None
    root: Path = Path()


class Check(Protocol):
    """A check of one thing. The file's name is its name; `Check` in it is made anew with a Setting for each use."""

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        ...

    def findings(self) -> Iterable[DataFinding]:
        """What was found, the gravest first."""
        ...
