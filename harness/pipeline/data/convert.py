"""Rows of any format written in one of Axolotl's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import ConfigError, Problem
from harness.data.formats import Columns
from harness.data.packed import Unreadable
from harness.data.read import Reading, rows
from harness.data.write import WRITERS, fields, json_line, written

_NOTES = {
    "completion": "The whole text is learnt, the question too.",
    "input_output": "Axolotl adds no template and no end token to these rows: let each answer end in the model's own.",
}


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written: the rows of each file as shown, and the format each had."""

    path: Path
    to: str
    rows: dict[str, int]
    formats: dict[str, str]

    @property
    def axolotl_type(self) -> str:
        """What stands as `type` of the dataset in an Axolotl config."""
        return "chat_template" if self.to == "chat" else self.to

    @property
    def note(self) -> str:
        """What whoever trains on the file must know; "" where it is nothing."""
        return _NOTES.get(self.to, "")


def convert(
    paths: Sequence[Path], shown_as: Sequence[str], out: Path, to: str = "chat", columns: Columns | None = None
) -> Converted:
    """Write the rows of all `paths` to `out` (.jsonl, packed where it ends in .gz or .zst) in the format `to`.

    `columns` are of the suite's task whose rows these are (None: rows with a text and a target or label). Raises
    ConfigError with every row that cannot be read or written, and then writes nothing; OutsideError where the disk
    refuses.
    """
    _check(out, to)
    reading = Reading()
    with written(out) as file:
        for batch in rows(paths, shown_as, reading, columns):
            lines = []
            for row in batch:
                try:
                    lines.append(json_line(fields(row, reading.shapes[row.file], to)))
                except Unreadable as error:
                    reading.add(Problem(error.message, row.file, row.line, error.hint), row.file)
            file.write(b"".join(lines))
        if reading.problems:
            raise ConfigError(reading.problems)
    formats = {file: shape.format for file, shape in reading.shapes.items()}
    return Converted(out, to, dict(reading.rows), formats)


def _check(out: Path, to: str) -> None:
    """Raises ConfigError for a format that is not known and a name that says another."""
    found = []
    if to not in WRITERS:
        found.append(Problem(f"the format '{to}' is not known.", hint=f"Known are {', '.join(WRITERS)}."))
    if not out.name.lower().endswith((".jsonl", ".jsonl.gz", ".jsonl.zst")):
        found.append(Problem("rows are written as JSON Lines.", str(out), hint="Let the name end in .jsonl."))
    if found:
        raise ConfigError(found)
