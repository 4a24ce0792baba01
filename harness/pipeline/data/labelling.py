"""A labelling file: rows to label, as JSON Lines with everything, and as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.config.rows import read_rows
from harness.core.errors import ConfigError, Problem
from harness.core.samples import Json
from harness.pipeline.data.next import Chosen
from harness.store.export import without_formula
from harness.store.files import json_line, write_lines

COLUMNS = ("id", "text", "suggested", "why", "label")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row that came back. `file` and `line` are where its label stands; `annotator` and `date` "" where not given."""

    id: str
    label: Json
    file: str
    line: int
    annotator: str
    date: str


def write_labelling(chosen: Chosen, path: Path) -> tuple[Path, Path]:
    """Write `path` (.jsonl) and the same beside it as .csv; gives both. A person fills in `label` in either.

    Raises ConfigError where one of them is there already, OutsideError where the disk refuses.
    """
    table = path.with_suffix(".csv")
    if path.suffix != ".jsonl":
        raise ConfigError(Problem("does not end in .jsonl.", str(path), hint="Name the labelling file so."))
    if there := [
        Problem("is there already.", str(each), hint="Name another.") for each in (path, table) if each.exists()
    ]:
        raise ConfigError(there)
    values = [
        {
            "id": one.id,
            "text": one.text,
            "suggested": one.suggested,
            "why": one.why,
            "label": None,
            "source": str(one.place),
            "run": chosen.run,
            "task": chosen.task,
            "row": one.value,
        }
        for one in chosen.rows
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_lines(path, map(json_line, values))
    write_lines(table, (line.encode() for line in _csv([{**value, "label": ""} for value in values])))
    return path, table


def _csv(values: Sequence[Mapping[str, Json]]) -> list[str]:
    """Lines of CSV; a text that a spreadsheet would run as a formula has a ' before it."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    writer.writerows([without_formula(value[column]) for column in COLUMNS] for value in values)
    return ["\ufeff", lines.getvalue()]


def read_labelling(path: Path) -> tuple[dict[str, Mapping[str, Json]], list[Problem]]:
    """The rows of a labelling file by id, as `write_labelling` wrote them, and what is wrong."""
    found, problems = read_rows(path, str(path))
    known: dict[str, Mapping[str, Json]] = {}
    for row in found:
        value = row.value
        whole = isinstance(value.get("id"), str) and isinstance(value.get("row"), dict)
        if not whole or not all(isinstance(value.get(key), str) for key in ("source", "run", "task")):
            hint = "Give the .jsonl that `harness data next` wrote."
            problems.append(Problem("the row is none of a labelling file.", str(path), row.line, hint))
        else:
            known[str(value["id"])] = value
    return known, problems


def read_labels(path: Path) -> tuple[list[Labelled], list[Problem]]:
    """The labels that people filled in, of a .jsonl or .csv; rows without one are left for later."""
    if path.suffix == ".csv":
        values, problems = _csv_rows(path)
    else:
        found, problems = read_rows(path, str(path))
        values = [(row.line, row.value) for row in found]
    labelled = []
    for line, value in values:
        label, name = value.get("label"), value.get("id")
        label = label.strip() if isinstance(label, str) else label
        if label is None or label == "":
            continue
        if not isinstance(name, str):
            problems.append(Problem("the labelled row has no 'id'.", str(path), line, "Leave the ids as they were."))
            continue
        more = [str(value.get(key) or "") for key in ("annotator", "date")]
        labelled.append(Labelled(name, label, str(path), line, *more))
    return labelled, problems


def _csv_rows(path: Path) -> tuple[list[tuple[int, dict[str, Json]]], list[Problem]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else "cannot be read"
        return [], [Problem(f"{why}.", str(path), hint="Save it as CSV in UTF-8.")]
    first = text.split("\n", 1)[0]
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    if not {"id", "label"} <= {*(lines.fieldnames or ())}:
        return [], [Problem("has no columns 'id' and 'label'.", str(path), 1, "Keep the first line as it was.")]
    found: list[tuple[int, dict[str, Json]]] = []
    for value in lines:
        plain: dict[str, Json] = {
            key: _without_mark(one) for key, one in value.items() if isinstance(key, str) and isinstance(one, str)
        }
        found.append((lines.line_num, plain))
    return found, []


def _without_mark(text: str) -> str:
    """A text without the ' that was put before it."""
    return text[1:] if text.startswith("'") and without_formula(text[1:]) == text else text
