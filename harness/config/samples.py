"""Rows to samples, with every bad row named."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from harness.config.rows import Row, read_rows
from harness.config.schema import PromptFile, TaskFile
from harness.config.source import Source, Where, nearest
from harness.config.templates import render, syntax_error, variables
from harness.core.errors import Problem
from harness.core.folding import folded
from harness.core.ids import digest_json
from harness.core.samples import Sample
from harness.core.secrets import masked, masked_json
from harness.tasks.interface import TaskKind

# A file in the wrong format has the same problem on every line; the first ones tell.
MAX_PROBLEMS_OF_A_FILE = 20

_NONE: Mapping[str, str] = {}


def load_samples(
    root: Path, shown_as: str, task: TaskFile, kind: TaskKind | None
) -> tuple[tuple[Sample, ...], list[Problem]]:
    """The samples of a data file, and every problem of its rows."""
    rows, problems = read_rows(root / shown_as, shown_as)
    samples: list[Sample] = []
    seen: dict[str, int] = {}
    asked: dict[bytes, tuple[int, str | None]] = {}
    for row in rows:
        sample = _sample(row, task, kind, shown_as)
        if isinstance(sample, Problem):
            problems.append(sample)
        elif sample.id in seen:
            message = f"the id '{sample.id}' stands twice (first in line {seen[sample.id]})."
            problems.append(Problem(message, file=shown_as, line=row.line))
        else:
            line, group = asked.setdefault(_content(sample.row, task.prompt), (row.line, sample.group))
            if line != row.line and (group is None or group != sample.group):
                problems.append(_asked_twice(f"{shown_as}:{line}", task.group, shown_as, row.line))
            seen[sample.id] = row.line
            samples.append(sample)
    problems += template_problems(rows, task.prompt, shown_as)
    return tuple(samples), _capped(sorted(problems, key=lambda p: p.line or 0), shown_as)


def _sample(row: Row, task: TaskFile, kind: TaskKind | None, file: str) -> Sample | Problem:
    value, message, hint = row.value, None, None
    name, target, group = value.get("id"), value.get(task.target), task.group
    if type(name) not in (str, int) or str(name).strip() == "":
        message = "the row has no 'id' (text or a whole number)."
    elif masked(str(name)) != str(name):
        message, hint = (
            f"the id looks like a key: {masked(str(name))}.",
            "Ids are stored and shown; give the row another.",
        )
    elif task.target not in value:
        message, hint = f"the row has no target '{task.target}'.", nearest(task.target, value)
    elif kind is not None and (wrong := kind.check_target(target)):
        message = wrong
    elif kind is not None and (wrong := _masked_target(kind, target)):
        message, hint = wrong, "Let the field be any text."
    elif missing := [key for key in (*task.slices, group) if key is not None and key not in value]:
        message = f"the row has no '{missing[0]}', which the suite slices or groups by."
    if message:
        return Problem(message, file=file, line=row.line, hint=hint)
    slices = {key: str(value[key]) for key in task.slices} if task.slices else _NONE
    return Sample(str(name), value, target, None if group is None else str(value[group]), slices)


def _masked_target(kind: TaskKind, target: object) -> str | None:
    """What is wrong with a target once its keys are masked, as they are before it is compared; None mostly."""
    shown = masked_json(target)
    wrong = None if shown is target else kind.check_target(shown)
    return (
        f"the target holds a key, which is masked before answers are compared with it, and then: {wrong}"
        if wrong
        else None
    )


def _content(row: Mapping[str, object], prompt: PromptFile | None) -> bytes:
    """A digest that two rows share of which a model is asked the same, whatever their other columns say.

    Unicode form and runs of space do not count. Where the prompt can't be filled from the row, which is told by itself,
    the row counts without its id.
    """
    try:
        texts = [render(text, row) for text in (prompt.system, prompt.user) if text] if prompt else []
    except ValueError:
        texts = []
    return hashlib.sha256("\0".join(map(folded, texts)).encode()).digest() if texts else _whole(row)


def _whole(row: Mapping[str, object]) -> bytes:
    """A digest that two rows share which differ in nothing but their id."""
    rest = {**row}
    rest.pop("id", None)
    try:
        return hashlib.sha256(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)).digest()
    except TypeError:  # whole numbers beyond 64 bits
        return digest_json(rest).encode()


def _asked_twice(first: str, column: str | None, file: str, line: int) -> Problem:
    """The problem of a row that asks the same as an earlier one, at `first`, of another group."""
    message = f"the row asks the same as {first} (Unicode form and space do not count), and would count as two samples."
    same = (
        f"the same '{column}', by which the task groups" if column else "the same group, by a column that 'group' names"
    )
    return Problem(message, file=file, line=line, hint=f"Drop one, or give both {same}.")


def prompt_problems(prompt: PromptFile, source: Source, at: Where) -> list[Problem]:
    """Templates that do not parse, with the line of the suite file."""
    found = []
    for key in ("system", "user"):
        wrong = syntax_error(getattr(prompt, key) or "")
        if wrong:
            found.append(source.problem((*at, key), f"the '{key}' template is not valid Jinja: {wrong}."))
    if not found and not variables(prompt.user):
        message = "the 'user' template reads no column, so every sample would be asked the same."
        found.append(source.problem((*at, "user"), message, "Write {{ text }} for the column 'text'."))
    return found


def template_problems(rows: Sequence[Row], prompt: PromptFile | None, file: str) -> list[Problem]:
    """Rows that the prompt's templates cannot be filled from."""
    templates = [text for text in (prompt.system, prompt.user) if text] if prompt else []
    if any(syntax_error(text) for text in templates):
        return []  # told once, at the suite's own line
    needed = sorted(set[str]().union(*map(variables, templates)))
    found = []
    for name in needed:
        lacking = [row for row in rows if name not in row.value]
        if lacking and len(lacking) == len(rows):
            message = f"no row has '{name}', which the prompt reads."
            found.append(Problem(message, file=file, line=rows[0].line, hint=nearest(name, rows[0].value)))
        else:
            message = f"the row has no '{name}', which the prompt reads."
            found += [Problem(message, file=file, line=row.line) for row in lacking]
    return found or _unrenderable(rows, templates, file)


def _unrenderable(rows: Sequence[Row], templates: Sequence[str], file: str) -> list[Problem]:
    """Each way in which the templates fail, at the first row where they do."""
    lines: dict[str, list[int]] = {}
    for row in rows:
        for text in templates:
            try:
                render(text, row.value)
            except ValueError as error:
                lines.setdefault(str(error), []).append(row.line)
    more = {message: f" (and in {len(at) - 1} more)" if len(at) > 1 else "" for message, at in lines.items()}
    return [Problem(f"{message}{more[message]}.", file=file, line=at[0]) for message, at in lines.items()]


def _capped(problems: list[Problem], file: str) -> list[Problem]:
    rest = len(problems) - MAX_PROBLEMS_OF_A_FILE
    if rest <= 0:
        return problems
    return [*problems[:MAX_PROBLEMS_OF_A_FILE], Problem(f"and {rest} more problems like these.", file=file)]
