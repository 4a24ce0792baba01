"""`harness data merge`: labelled rows become training rows, with where they came from; nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from harness import catalog
from harness.config.templates import messages
from harness.core.errors import ConfigError, Problem
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.suites import Task
from harness.data.formats import columns_of
from harness.data.read import Reading, rows
from harness.data.shingles import fold
from harness.pipeline.data.labelling import Labelled, read_labelling, read_labels
from harness.store.files import json_line, write_lines
from harness.tasks.interface import TaskKind

PROVENANCE = "provenance"


@dataclass(frozen=True, slots=True)
class Merged:
    """What was written to `file`: the rows of `into`, and `added` ones.

    `known` were there already with the same target. `conflicts` are sentences, one for each row that was not merged
    as it says something else than another row; they end the command with 2, though the others are written.
    """

    file: Path
    rows: int
    added: int
    known: int
    conflicts: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class MergeAsked:
    """`labels` are files that came back from people; `labelling` is what `harness data next` wrote (.jsonl).

    `into` is the file of training rows to add to (None: only the new rows are written), `out` a file that is not
    there yet. `annotator` and `date` count where a row names none.
    """

    labels: Sequence[Path]
    labelling: Path
    out: Path
    into: Path | None = None
    annotator: str = ""
    date: str = ""


def merge_rows(release: Release, asked: MergeAsked) -> Merged:
    """Write the training rows with the labelled ones behind them, as chat rows where those are, else as task rows.

    Each new row has a `provenance`: source (file and line), annotator, date, run. Raises ConfigError with every row
    that can't be used: an id that was never given out, a label that the task does not have, no annotator or date.
    """
    if asked.out.exists():
        raise ConfigError(Problem("is there already.", str(asked.out), hint="Name a file that is new with --out."))
    given, problems = read_labelling(asked.labelling)
    labelled: list[Labelled] = []
    for path in asked.labels:
        found, wrong = read_labels(path)
        labelled += found
        problems += wrong
    task = None if problems else _task(release, given, asked.labelling)
    kind = catalog.build("tasks", task.kind, task.arguments) if task else None
    if task and kind:
        labelled = [_as_meant(each, kind) for each in labelled]
        found_wrong = [_wrong(each, given, task, kind, asked) for each in labelled]
        problems += [each for each in found_wrong if each]
    if problems or task is None or kind is None:
        raise ConfigError(problems)
    agreed, conflicts = _agreed(labelled)
    taught, chat, count = _taught(asked.into, task)
    new: list[Mapping[str, Json]] = []
    known = 0
    for one in agreed:
        row = _row(one, given[one.id], task, kind, asked, chat=chat)
        text, target = _asked(given[one.id]["row"], task), kind.write(one.label)
        there = taught.get(_key(text))
        if there is None:
            taught[_key(text)] = (target, f"{one.file}:{one.line}")
            new.append(row)
        elif there[0].strip() == target.strip():
            known += 1
        else:
            conflicts.append(_conflict(one, f'{there[1]} teaches "{there[0]}" for the same input'))
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    write_lines(asked.out, _lines(asked.into, new))
    return Merged(asked.out, count + len(new), len(new), known, tuple(conflicts))


def _task(release: Release, given: Mapping[str, Mapping[str, Json]], file: Path) -> Task | None:
    names = {str(one["task"]) for one in given.values()}
    known = {f"{suite.name}.{task.name}": task for suite in release.suites for task in suite.tasks}
    found = known.get(next(iter(names))) if len(names) == 1 else None
    if found is None or found.prompt is None:
        what = "has no rows" if not names else f"is for {', '.join(sorted(names))}, which the release does not have"
        raise ConfigError(Problem(f"{what}.", str(file), hint="Give the labelling file of one task of this release."))
    return found


def _wrong(
    one: Labelled, given: Mapping[str, Mapping[str, Json]], task: Task, kind: TaskKind, asked: MergeAsked
) -> Problem | None:
    if one.id not in given:
        hint = "Leave the ids as they were."
        return Problem(f"the id '{one.id}' is not in {asked.labelling}.", one.file, one.line, hint)
    if reason := kind.check_target(one.label):
        return Problem(f"the label can't be used: {reason.rstrip('.')}.", one.file, one.line)
    try:
        _asked(given[one.id]["row"], task)
    except ValueError as error:
        return Problem(f"the row {one.id}: {error}.", str(asked.labelling), hint="Leave the 'row' as it was.")
    lacking = [
        name for name, value in (("annotator", one.annotator or asked.annotator), ("date", one.date or asked.date))
        if not value
    ]  # fmt: skip
    if lacking:
        hint = " and ".join(f"--{name}" for name in lacking)
        return Problem(f"the labelled row has no {' and no '.join(lacking)}.", one.file, one.line, f"Give {hint}.")
    return None


def _as_meant(one: Labelled, kind: TaskKind) -> Labelled:
    """A record that a spreadsheet gave as text of JSON is read; all else stays."""
    if not isinstance(one.label, str) or kind.check_target(one.label) is None:
        return one
    try:
        return replace(one, label=orjson.loads(one.label))
    except orjson.JSONDecodeError:
        return one


def _agreed(labelled: Iterable[Labelled]) -> tuple[list[Labelled], list[Problem]]:
    """One for each id that all say the same of; a conflict for each other id."""
    by_id: dict[str, list[Labelled]] = {}
    for one in labelled:
        by_id.setdefault(one.id, []).append(one)
    agreed, conflicts = [], []
    for each in by_id.values():
        other = next((one for one in each if one.label != each[0].label), None)
        if other is None:
            agreed.append(each[0])
        else:
            conflicts.append(_conflict(other, f'{each[0].file}:{each[0].line} labels it "{each[0].label}"'))
    return agreed, conflicts


def _conflict(one: Labelled, what: str) -> Problem:
    hint = "Decide which is right, and merge again."
    return Problem(f'"{one.label}" for row {one.id} was not merged: {what}.', one.file, one.line, hint)


def _taught(into: Path | None, task: Task) -> tuple[dict[str, tuple[str, str]], bool, int]:
    """Target and place of each input that is taught already; whether the rows are chats; how many they are."""
    if into is None:
        return {}, True, 0
    reading, found = Reading(), dict[str, tuple[str, str]]()
    for batch in rows([into], [str(into)], reading, columns_of(task)):
        for row in batch:
            found.setdefault(_key(row.input), (row.target, f"{row.file}:{row.line}"))
    if reading.problems:
        raise ConfigError(reading.problems)
    shape = reading.shapes[str(into)]
    is_chat = shape.keys == ("messages",)
    if not (is_chat or shape.declared) or into.suffix != ".jsonl":
        hint = "Convert it first (`harness data convert`)."
        raise ConfigError(Problem("is neither chat rows nor rows of the task as .jsonl.", str(into), hint=hint))
    return found, is_chat, reading.rows[str(into)]


def _key(text: str) -> str:
    return fold(text)


def _asked(row: Json, task: Task) -> str:
    assert task.prompt is not None
    turns = messages(task.prompt, row) if isinstance(row, dict) else []
    return "\n".join(turn["content"] for turn in turns if turn["role"] == "user")


def _row(
    one: Labelled, given: Mapping[str, Json], task: Task, kind: TaskKind, asked: MergeAsked, *, chat: bool
) -> Mapping[str, Json]:
    origin = {
        "source": given["source"],
        "annotator": one.annotator or asked.annotator,
        "date": one.date or asked.date,
        "run": given["run"],
    }
    row = given["row"]
    assert isinstance(row, dict)
    if not chat:
        return {**row, task.target: one.label, PROVENANCE: origin}
    assert task.prompt is not None
    turns = [*messages(task.prompt, row), {"role": "assistant", "content": kind.write(one.label)}]
    return {"id": one.id, "messages": turns, PROVENANCE: origin}


def _lines(into: Path | None, new: Iterable[Mapping[str, Json]]) -> Iterator[bytes]:
    """The file as it stands, byte by byte, then the new rows."""
    if into is not None:
        with into.open("rb") as file:
            for line in file:
                yield line if line.endswith(b"\n") else line + b"\n"
    yield from map(json_line, new)
