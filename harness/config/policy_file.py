"""release.yaml with the gates and the policy of another file, which several releases may share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.config.schema import RulesFile
from harness.config.source import Elsewhere, Source, load_yaml, nearest
from harness.core.errors import ConfigError, Problem

KEY = "policy_file"
PARTS = ("gates", "policy")


def load_declaration(path: Path, shown_as: str, root: Path, kept: Path | None = None) -> tuple[Source, list[Problem]]:
    """A release.yaml, and `gates` and `policy` as if they stood in there, with every problem of the file that has them.

    That file is the one that `policy_file` names, relative to `root`; `kept` is a copy that is read in its place.
    Raises ConfigError where one of the files can't be read, or both have rules.
    """
    source = load_yaml(path, shown_as)
    value: Any = source.value
    name = value.get(KEY) if isinstance(value, dict) else None
    if not isinstance(name, str):
        return source, []
    file = kept or root / name
    if not file.is_file():
        raise ConfigError(source.problem([KEY], f"the policy file '{name}' does not exist."))
    rules = load_yaml(file, name)
    twice = [_twice(key, source, rules, name) for key in PARTS if key in value]
    if twice:
        raise ConfigError(twice)
    return _merged(source, rules), list(_unfit(rules))


def _twice(key: str, source: Source, rules: Source, name: str) -> Problem:
    line = rules.lines.get((key,))
    there = f"and in {name}:{line}" if line else f"and {KEY} names {name}, which is where it belongs"
    return source.problem([key], f"'{key}' stands here {there}.", "Keep one of them.")


def _merged(source: Source, rules: Source) -> Source:
    """One source: what is wrong with the rules is told at the lines of their own file."""
    value: Any = source.value
    theirs = rules.value if isinstance(rules.value, dict) else {}
    parts = {key: theirs[key] for key in PARTS if key in theirs}
    lines = {where: line for where, line in rules.lines.items() if where and where[0] in PARTS}
    elsewhere = {key: Elsewhere(rules, (key,)) for key in PARTS}
    return replace(source, value={**value, **parts}, lines={**source.lines, **lines}, elsewhere=elsewhere)


def _unfit(rules: Source) -> Iterable[Problem]:
    """What a policy file may not hold; gates and policy are checked with the release."""
    if not isinstance(rules.value, dict):
        yield rules.problem([], "must be a mapping of keys: 'gates', and 'policy' where it is not the default.")
        return
    known = list(RulesFile.model_fields)
    for key in rules.value:
        if key not in known:
            hint = nearest(key, known) or f"Known here: {', '.join(known)}."
            yield rules.problem([key], f"unknown key '{key}'.", hint)
    if rules.value.get("version", 1) != 1:
        yield rules.problem(["version"], "'version' must be 1.")
