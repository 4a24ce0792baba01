"""Pydantic's errors as problems with file and line, worded for people."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from harness.config.source import Source, Where, nearest, short_repr
from harness.core.errors import Problem

M = TypeVar("M", bound=BaseModel)

_TOO_LARGE = ("less_than", "less_than_equal")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) *%")

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "dataclass_type": "a mapping of keys",
}


def parse(model: type[M], source: Source, value: object, at: Where = ()) -> M | list[Problem]:
    """`value` (at a place of `source`) as the model, or every problem it has."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        return problems_of(error, source, at, model)


def parse_meant(model: type[M], source: Source) -> tuple[M | None, Source, list[Problem]]:
    """A whole file as the model, and every problem it has; unknown keys alone do not keep the rest from being checked.

    A key that is like a known one is taken for it, any other is left out; the source that comes back is so mended.
    """
    try:
        return model.model_validate(source.value), source, []
    except ValidationError as error:
        problems = problems_of(error, source, (), model)
        unknown = [item["loc"] for item in error.errors(include_url=False) if item["type"] == "extra_forbidden"]
    mended = replace(source, value=copy.deepcopy(source.value), lines=dict(source.lines))
    for loc in unknown:
        _mend(mended, _plain(loc, source, ()), _known_keys(model, loc[:-1]))
    again = parse(model, mended, mended.value)
    return (None, source, problems) if isinstance(again, list) else (again, mended, problems)


def _mend(source: Source, where: Where, known: Sequence[str]) -> None:
    """Call an unknown key by the name that was meant, or leave it out."""
    place: Any = source.value
    for key in where[:-1]:
        place = place[key]
    if not isinstance(place, dict):  # a word that stands for a mapping
        return
    value, line = place.pop(where[-1]), source.line(where)
    meant = difflib.get_close_matches(str(where[-1]), [key for key in known if key not in place], n=1, cutoff=0.6)
    if meant and line:
        place[meant[0]] = value
        source.lines[(*where[:-1], meant[0])] = line


def problems_of(
    error: ValidationError, source: Source, at: Where, model: type[BaseModel] | None = None
) -> list[Problem]:
    """One problem for each place; of a union's several complaints about one place only the first."""
    found: dict[int | tuple[Any, ...] | None, Problem] = {}
    # A number that is too large is that before it is another kind of value.
    for item in sorted(error.errors(include_url=False), key=lambda item: item["type"] not in _TOO_LARGE):
        where = (*at, *_plain(item["loc"], source, at))
        message, hint = _wording(item, where, model)
        found.setdefault((where, item["type"] == "missing"), source.problem(where, message, hint))
    return list(found.values())


def _plain(loc: Sequence[str | int], source: Source, at: Where) -> tuple[str | int, ...]:
    """The location without pydantic's own names for the branches of unions."""
    kept: list[str | int] = []
    for position, key in enumerate(loc):
        known = (*at, *kept, key) in source.lines
        if known or (position == len(loc) - 1 and not str(key).startswith(("str", "dict[", "constrained", "literal["))):
            kept.append(key)
    return tuple(kept)


def _wording(item: Any, where: Where, model: type[BaseModel] | None) -> tuple[str, str | None]:
    kind, name = item["type"], _name(where)
    if kind == "missing":
        return f"the key '{name}' is missing.", None
    if kind == "extra_forbidden":
        known = _known_keys(model, item["loc"][:-1]) if model else []
        return f"unknown key '{name}'.", nearest(name, known) or f"Known here: {', '.join(known)}."
    if kind in _KINDS:
        hint = "Put it in quotes." if kind == "string_type" else _of_percent(kind, item["input"])
        shown = f" ({short_repr(item['input'])})" if isinstance(item["input"], str | int | float | bool) else ""
        return f"'{name}' must be {_KINDS[kind]}, not {_kind_of(item['input'])}{shown}.", hint
    if kind in ("literal_error", "enum"):
        return f"'{name}' must be {item['ctx']['expected']}, not {short_repr(item['input'])}.", None
    if kind == "string_pattern_mismatch":
        return f"'{name}' ({short_repr(item['input'])}) must match {item['ctx']['pattern']}.", None
    if kind == "too_short":
        return f"'{name}' is empty; at least {item['ctx']['min_length']} is needed.", None
    text = str(item["msg"]).removeprefix("Input ").removeprefix("Value error, ")
    is_share = kind in _TOO_LARGE and 0 < next(iter(item["ctx"].values())) <= 1
    return f"'{name}' ({short_repr(item['input'])}) {text}.", as_share(item["input"]) if is_share else None


def as_share(value: object) -> str | None:
    """What to write where percent were meant for a share: 80 is 0.80; None where it can't have been percent."""
    if not isinstance(value, int | float) or not 1 < value <= 100:
        return None
    written = f"{value / 100:.2f}" if value == round(value) else f"{value / 100:g}"
    return f"For {value:g} % write {written}."


def _of_percent(kind: str, value: object) -> str | None:
    """The hint where a number was written as text with a sign of percent."""
    match = _PERCENT.fullmatch(value.strip()) if kind == "float_type" and isinstance(value, str) else None
    if match is None:
        return None
    number = float(match[1])
    return as_share(number) or f"For {number:g} % write {number / 100:g}."


def _name(where: Where) -> str:
    """The key, or for an item of a list `key[2]`, counted from 1 as people do."""
    if not where:
        return "the file"
    last = where[-1]
    return f"{where[-2]}[{last + 1}]" if isinstance(last, int) and len(where) > 1 else str(last)


def _kind_of(value: object) -> str:
    kinds = {dict: "a mapping", list: "a list", str: "text", bool: "true/false", int: "a number", float: "a number"}
    return "nothing" if value is None else kinds.get(type(value), type(value).__name__)


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys of the model that stands at `loc` inside `model`."""
    for key in loc:
        field = model.model_fields.get(str(key))
        inner = _model_in(field.annotation) if field else None
        if inner is not None:
            model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((part for part in found if part is not None), None)
