"""A team's own schema: a pandera schema in a Python file, or columns with their rules in YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from importlib import util
from pathlib import Path
from typing import Any

from harness.core.errors import ConfigError, Problem
from harness.core.samples import Json

_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,)}
_RULES: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, kind: type(value) in _TYPES[kind],
    "one_of": lambda value, known: value in known,
    "matches": lambda value, pattern: re.search(pattern, value) is not None,
    "at_least": lambda value, least: value >= least,
    "at_most": lambda value, most: value <= most,
    "min_length": lambda value, least: len(value) >= least,
    "max_length": lambda value, most: len(value) <= most,
}
_KEYS = (*_RULES, "required", "nullable")


def own_schema(declared: str | Mapping[str, Json], root: Path) -> Any:
    """A pandera schema. Raises ConfigError naming everything that is wrong with it."""
    return _of_file(declared, root) if isinstance(declared, str) else _of_columns(declared)


def _of_file(declared: str, root: Path) -> Any:
    file, _, name = declared.partition(":")
    path = root / file
    if not name or not path.is_file():
        message = "there is no such file." if name else "a schema is written `schema.py:ROWS`: a file and a name in it."
        raise ConfigError(Problem(message, file=file))
    found = util.spec_from_file_location(f"_schema_{path.stem}", path)
    assert found is not None
    assert found.loader is not None
    module = util.module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except Exception as error:  # a team's own code may fail with anything
        raise ConfigError(Problem(f"the file can't be run: {type(error).__name__}: {error}.", file=file)) from error
    schema: Any = getattr(module, name, None)
    schema = schema.to_schema() if hasattr(schema, "to_schema") else schema
    if not hasattr(schema, "validate"):
        raise ConfigError(Problem(f"'{name}' is no pandera schema.", file=file, hint="Make it a DataFrameSchema."))
    return schema


def _of_columns(columns: Mapping[str, Json]) -> Any:
    import pandera.pandas as pa

    problems = [problem for name, rules in columns.items() for problem in _wrong(name, rules)]
    if problems:
        raise ConfigError([Problem(problem) for problem in problems])
    return pa.DataFrameSchema({name: _column(rules) for name, rules in columns.items() if isinstance(rules, Mapping)})


def _wrong(name: str, rules: Json) -> list[str]:
    if not isinstance(rules, Mapping):
        return [f"the rules of the column '{name}' must be a mapping, such as {{type: string}}."]
    unknown = [
        f"the column '{name}' has the unknown rule '{key}'. Known: {', '.join(_KEYS)}."
        for key in rules
        if key not in _KEYS
    ]
    if rules.get("type", "string") not in _TYPES:
        unknown.append(f"the column '{name}' has the type '{rules['type']}'; known: {', '.join(_TYPES)}.")
    return unknown


def _column(rules: Mapping[str, Json]) -> Any:
    """A column whose rules look at one value at a time: a column's type in pandas changes where one row has none."""
    import pandera.pandas as pa

    checks = [
        pa.Check(partial(_holds, _RULES[key], wanted), element_wise=True, error=f"{key}: {wanted}")
        for key, wanted in rules.items()
        if key in _RULES
    ]
    nullable, required = bool(rules.get("nullable", False)), bool(rules.get("required", True))
    return pa.Column(checks=checks, nullable=nullable, required=required)


def _holds(rule: Callable[[Any, Any], bool], wanted: Json, value: Any) -> bool:
    try:
        return rule(value, wanted)
    except TypeError:  # a text where a number is wanted, or the other way round
        return False
