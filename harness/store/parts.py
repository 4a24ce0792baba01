"""The four parts of a bundle as tables: their files, their columns, and what every row of them must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.core.samples import Outcome

# The files of each format, in the order samples, outputs, answers, scores.
FILES = {
    1: ("samples.jsonl", "outputs.jsonl", "answers.jsonl", "scores.jsonl"),
    2: ("samples.jsonl", "outputs.jsonl", "answers.jsonl", "scores.parquet"),
}
FORMAT = max(FILES)


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `least` is the least number, or the least length of a text; a `number` is finite or missing.

    `unless`: the column that may only be missing where this one is given. `default` is the SQL for rows of a format
    that lacked the column.
    """

    name: str
    type: str = "VARCHAR"
    required: bool = False
    least: int | None = None
    one_of: tuple[str, ...] = ()
    unless: str | None = None
    default: str | None = None

    @property
    def rules(self) -> Mapping[str, str]:
        """What must hold of every row: a sentence, and the condition in SQL."""
        name, found = f'"{self.name}"', {}
        if self.required:
            found[f"{self.name} is there"] = f"{name} IS NOT NULL"
        if self.type == "DOUBLE":
            found[f"{self.name} is a finite number or missing"] = f"{name} IS NULL OR isfinite({name})"
        if self.least is not None:
            text = self.type == "VARCHAR"
            measured = f"length({name})" if text else name
            words = "is not empty" if text else f"is at least {self.least}"
            found[f"{self.name} {words}"] = f"{name} IS NULL OR {measured} >= {self.least}"
        if self.one_of:
            listed = ", ".join(f"'{value}'" for value in self.one_of)
            found[f"{self.name} is one of {', '.join(self.one_of)}"] = f"{name} IS NULL OR {name} IN ({listed})"
        if self.unless:
            found[f"{self.unless} is there, or {self.name} says why not"] = (
                f'"{self.unless}" IS NOT NULL OR {name} IS NOT NULL'
            )
        return found


def _identity(name: str) -> Column:
    return Column(name, required=True, least=1)


_KEY = (_identity("task"), _identity("sample_id"))
_REPEAT = Column("repeat", "BIGINT", required=True, least=0, default="0")
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "samples": (
        _identity("task"), _identity("id"), Column("row", "JSON", required=True), Column("target", "JSON"),
        Column("group"), Column("slices", "JSON"), Column("origin"),
    ),
    "outputs": (
        *_KEY, Column("text"), Column("finish_reason"), Column("prompt_tokens", "BIGINT", least=0),
        Column("generated_tokens", "BIGINT", least=0), Column("latency", "DOUBLE", least=0),
        Column("choices", "DOUBLE[]"), Column("error"), _REPEAT,
        Column("attempts", "BIGINT", required=True, least=0, default="1"),
        Column("cached", "BOOLEAN", required=True, default="false"),
    ),
    "answers": (
        *_KEY, Column("outcome", required=True, one_of=tuple(Outcome)), Column("value", "JSON"), Column("reason"),
        _REPEAT,
    ),
    "scores": (
        *_KEY, _identity("metric"), Column("value", "DOUBLE"), Column("part", required=True),
        Column("reason", unless="value"), _REPEAT,
    ),
}  # fmt: skip


def names(part: str) -> str:
    """The part's columns for a query."""
    return ", ".join(f'"{column.name}"' for column in COLUMNS[part])


def rows_of(part: str, path: Path) -> str:
    """A query that gives the rows of a part's file in order: its columns, and `position` from 0."""
    columns = COLUMNS[part]
    if path.suffix == ".parquet":
        return f"SELECT {names(part)}, row_number() OVER () - 1 AS position FROM read_parquet({_quoted(str(path))})"
    picked = ", ".join(
        f'coalesce("{c.name}", {c.default}) AS "{c.name}"' if c.default else f'"{c.name}"' for c in columns
    )
    types = ", ".join(f"{_quoted(c.name)}: {_quoted(c.type)}" for c in columns)
    return (
        f"SELECT {picked}, row_number() OVER () - 1 AS position FROM read_json({_quoted(str(path))}, "
        f"format='newline_delimited', columns={{{types}}}, maximum_object_size={_longest_line(path)})"
    )


def _longest_line(path: Path) -> int:
    """Bytes that the reader must hold at once: it takes a multiple of this for each thread, so no more than needed."""
    with path.open("rb") as file:
        return max(1 << 20, 2 * max(map(len, file), default=0))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
