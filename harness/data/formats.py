"""What a row's keys tell of its format, and a row of each format in one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from harness.catalog import build
from harness.config.templates import messages, variables
from harness.core.samples import Json
from harness.core.suites import Prompt, Task
from harness.data.packed import Unreadable
from harness.data.rows import Turn
from harness.data.turns import as_json, read_turns
from harness.tasks.interface import TaskKind

Value = Mapping[str, Json]
Parts = tuple[str, str, tuple[Turn, ...]]  # input, target, turns


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a suite's task keeps what: the column of the target, and the prompt that reads the others.

    `kind` writes the target as the text to be learnt (None: as it stands, or as JSON).
    """

    target: str
    prompt: Prompt | None = None
    kind: TaskKind | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to write rows: its format, the keys that tell it, and how they are read (raises Unreadable).

    `declared` is that of a suite, which counts before the others.
    """

    format: str
    keys: tuple[str, ...]
    parts: Callable[[Value], Parts]
    declared: bool = False

    def fits(self, value: Value) -> bool:
        """Whether a row has all the keys, none of them null."""
        for key in self.keys:  # noqa: SIM110 (`all` of a generator takes thrice the time, a million times)
            if value.get(key) is None:
                return False
        return True

    def __str__(self) -> str:
        return f"{self.format} ({', '.join(self.keys)})"


def columns_of(task: Task) -> Columns:
    """The columns of a suite's task."""
    return Columns(task.target, task.prompt, build("tasks", task.kind, task.arguments))


def shapes(columns: Columns | None = None, unlabelled: bool = False) -> tuple[Shape, ...]:
    """All shapes that a row may have; with `unlabelled` those of rows without a target too."""
    chats = [Shape("chat", (key,), _chat(key, unlabelled)) for key in ("messages", "conversations")]
    pairs = [("instruction", "instruction", ("output",)), ("response", "prompt", ("completion", "response"))]
    pairs += [] if columns else [("task", "text", ("target", "label"))]
    found = [Shape("response", ("segments",), _segments)]
    for name, asked, targets in pairs:
        if unlabelled:
            found.append(Shape(name, (asked,), _pair(asked, targets, name == "task", True)))
        else:
            found += [Shape(name, (asked, each), _pair(asked, (each,), name == "task", False)) for each in targets]
    return (*chats, *([_declared(columns, unlabelled)] if columns else []), *found)


def fitting(value: Value, known: Sequence[Shape]) -> list[Shape]:
    """The shapes that a row has. A suite's own stands for others that its columns look like, but never for a chat."""
    found = [shape for shape in known if shape.fits(value)]
    own = [shape for shape in found if shape.declared]
    return [shape for shape in found if shape.declared or shape.format == "chat"] if own else found


def turn_list(value: Value, key: str) -> Json:
    """The turns under a key; in a CSV they stand as JSON text. Raises Unreadable."""
    found = value[key]
    if not isinstance(found, str):
        return found
    try:
        return orjson.loads(found)
    except ValueError:
        raise Unreadable(f"'{key}' is text that is no JSON list of turns.") from None


def _chat(key: str, unlabelled: bool) -> Callable[[Value], Parts]:
    def parts(value: Value) -> Parts:
        turns = read_turns(turn_list(value, key), key, unlabelled)
        asked = _asked(turns)
        if not asked and all(role != "user" for role, _ in turns):
            raise Unreadable("no turn is the user's.")
        return asked, turns[-1][1] if turns[-1][0] == "assistant" else "", turns

    return parts


def _asked(turns: Sequence[Turn]) -> str:
    return "\n".join([content for role, content in turns if role == "user"])


def _segments(value: Value) -> Parts:
    """Axolotl's input_output: texts as they stand, those with the label true to be learnt."""
    found = value["segments"]
    whole = isinstance(found, list) and all(
        isinstance(each, dict) and type(each.get("label")) is bool and isinstance(each.get("text"), str)
        for each in found
    )
    if not whole or not isinstance(found, list) or not found or not found[-1]["label"]:
        raise Unreadable("'segments' must be a list of {label: true or false, text: …}; the last one's label is true.")
    turns = tuple([("assistant" if each["label"] else "user", each["text"]) for each in found])
    return _asked(turns), turns[-1][1], turns


def _pair(asked: str, targets: Sequence[str], free: bool, unlabelled: bool) -> Callable[[Value], Parts]:
    """One question and its answer; of a `free` format the answer may be any JSON."""

    def parts(value: Value) -> Parts:
        question = _text(value, asked)
        if asked == "instruction" and value.get("input") not in (None, ""):
            question = f"{question}\n{_text(value, 'input')}"
        key = next((each for each in targets if value.get(each) is not None), None) if unlabelled else targets[0]
        answer = "" if key is None else _written(value[key], None) if free else _text(value, key)
        system = _text(value, "system") if not free and value.get("system") not in (None, "") else None
        first = (("system", system),) if system else ()
        last = () if key is None and unlabelled else (("assistant", answer),)
        return question, answer, (*first, ("user", question), *last)

    return parts


def _declared(columns: Columns, unlabelled: bool) -> Shape:
    """The shape of a suite's own rows."""
    prompt = columns.prompt or Prompt("{{ text }}")
    read = sorted(variables(prompt.user) | variables(prompt.system or ""))

    def parts(value: Value) -> Parts:
        try:
            asked = messages(prompt, value)
        except ValueError as error:
            raise Unreadable(f"{str(error).rstrip('.')}.") from None
        turns = tuple([(turn["role"], turn["content"]) for turn in asked])
        target = value.get(columns.target)
        if target is None:
            return turns[-1][1], "", turns
        answer = _written(target, columns.kind)
        return turns[-1][1], answer, (*turns, ("assistant", answer))

    keys = tuple(read) if unlabelled else (*(name for name in read if name != columns.target), columns.target)
    return Shape("task", keys, parts, declared=True)


def _written(target: Json, kind: TaskKind | None) -> str:
    """A target as text. One that the kind does not allow is written plainly: the checks tell what is wrong with it."""
    if isinstance(target, str):
        return target
    if kind is not None and kind.check_target(target) is None:
        return kind.write(target)
    return as_json(target).decode()


def _text(value: Value, key: str) -> str:
    found = value[key]
    if not isinstance(found, str):
        raise Unreadable(f"'{key}' is not text.")
    return found
