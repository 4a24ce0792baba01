"""Safe YAML that remembers its lines, so that each problem can say where it stands."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from harness.core.errors import ConfigError, Problem

# Aliases can make a small file explode; a declaration written by people stays far below this.
MAX_NODES = 200_000
TOO_LARGE = "is too deep or too large for a declaration."

_COLLECTIONS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")

Key = str | int
Where = tuple[Key, ...]

_PASSWORD = re.compile(r"//[^/@\s]*@")


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed YAML file: its value, and the line of every key and item by its path from the root.

    `elsewhere` are keys at the top whose values stand in another file, and where.
    """

    file: str
    value: object
    lines: dict[Where, int] = field(repr=False)
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=dict, repr=False)

    def line(self, where: Sequence[Key]) -> int | None:
        """Line of the deepest part of `where` that the file holds (validators append names of their own)."""
        path: Where = ()
        for key in where:
            if (*path, key) in self.lines:
                path = (*path, key)
        return self.lines.get(path)

    def place(self, where: Sequence[Key]) -> tuple[str, int | None]:
        """File and line of a place of this file, or of the one where that is declared."""
        problem = self.problem(where, "")
        return str(problem.file), problem.line

    def problem(self, where: Sequence[Key], message: str, hint: str | None = None) -> Problem:
        """A problem at a place of this file, or of the one where that is declared."""
        if where and isinstance(where[0], str) and (other := self.elsewhere.get(where[0])):
            return other.source.problem((*other.where, *where[1:]), message, hint)
        return Problem(message, file=self.file, line=self.line(where), hint=hint)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A place in another file."""

    source: Source
    where: Where


def load_yaml(path: Path, shown_as: str | None = None) -> Source:
    """Parse one YAML document safely. Raises ConfigError with every problem of form that can be told at once."""
    name = shown_as or str(path)
    node = _compose(read_text(path, name), name)
    problems: list[Problem] = []
    lines: dict[Where, int] = {(): 1}
    value = _Builder(name, lines, problems).build(node, ()) if node is not None else None
    if problems:
        raise ConfigError(problems)
    return Source(name, value, lines)


def read_text(path: Path, name: str) -> str:
    """The file as UTF-8 text. Raises ConfigError naming the byte's line where it is not UTF-8."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(Problem("this file does not exist.", file=name)) from None
    except IsADirectoryError:
        raise ConfigError(Problem("this is a folder; a file is needed.", file=name)) from None
    except OSError as error:
        raise ConfigError(Problem(f"cannot be read: {error.strerror}.", file=name)) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8."
        raise ConfigError(Problem(message, file=name, line=line, hint="Save the file as UTF-8.")) from None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint naming the known name most like `name`, or None."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{found[0]}'?" if found else None


def _compose(text: str, name: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        words = ", ".join(filter(None, (error.context, error.problem)))
        raise ConfigError(Problem(f"is not valid YAML: {words}.", file=name, line=line)) from None
    except yaml.YAMLError as error:
        raise ConfigError(Problem(f"is not valid YAML: {error}.", file=name)) from None
    except RecursionError:
        raise ConfigError(Problem(TOO_LARGE, file=name)) from None


class _Builder:
    """Turns nodes into plain values. A class only because the walk shares four things."""

    def __init__(self, file: str, lines: dict[Where, int], problems: list[Problem]) -> None:
        self.file, self.lines, self.problems = file, lines, problems
        self.constructor = yaml.constructor.SafeConstructor()
        self.nodes = 0

    def build(self, node: yaml.Node, where: Where) -> object:
        self.nodes += 1
        if self.nodes > MAX_NODES or len(where) > 60:
            raise ConfigError(Problem(TOO_LARGE, file=self.file))
        if isinstance(node, yaml.CollectionNode) and node.tag not in _COLLECTIONS:
            self._problem(node, f"the tag {node.tag} is not allowed; only plain values are.")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, where)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*where, i)) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _item(self, node: yaml.Node, where: Where) -> object:
        self.lines[where] = node.start_mark.line + 1
        return self.build(node, where)

    def _mapping(self, node: yaml.MappingNode, where: Where) -> dict[str, object]:
        value: dict[str, object] = {}
        for key_node, item in node.value:
            key, line = self._key(key_node), key_node.start_mark.line + 1
            if key in value:
                message = f"the key '{key}' stands twice (first in line {self.lines[(*where, key)]})."
                self.problems.append(Problem(message, file=self.file, line=line))
                continue
            self.lines[(*where, key)] = line
            value[key] = self.build(item, (*where, key))
        return value

    def _key(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode) and node.value != "<<" and not _not_plain(node.value, ""):
            return str(node.value)
        raise ConfigError(Problem("a key must be plain text.", file=self.file, line=node.start_mark.line + 1))

    def _scalar(self, node: yaml.Node) -> object:
        shown = short_repr(node.value)
        try:
            value: object = self.constructor.construct_object(node)
            wrong = _not_plain(value, shown)
        except (yaml.YAMLError, ValueError):
            value, wrong = None, f"{shown} with the tag {node.tag} is not a plain value."
        if wrong:
            self._problem(node, wrong)
        return value

    def _problem(self, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(message, file=self.file, line=node.start_mark.line + 1))


def _not_plain(value: object, shown: str) -> str | None:
    """What keeps a scalar from being stored as JSON: dates, bytes, infinities, halves of characters."""
    if value is not None and not isinstance(value, str | int | float):
        return f"{shown} reads as a {type(value).__name__}. Put it in quotes to mean the text."
    if isinstance(value, float) and not math.isfinite(value):
        return f"a number must be finite, not {value}."
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        return f"{shown} holds half a character (a lone surrogate)."
    return None


def short_repr(value: object, most: int = 60) -> str:
    """`repr`, cut where it is too long for a message, and without the password of a URL."""
    text = _PASSWORD.sub("//(hidden)@", repr(value))
    return text if len(text) <= most else f"{text[:most]}…"
