"""Extraction: the answer is one JSON object whose fields a JSON Schema describes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import orjson

from harness.core.json_values import number
from harness.core.samples import Json
from harness.tasks._formats import FORMATS, format_checker, unknown_formats
from harness.tasks._forms import as_listed
from harness.tasks._twins import twins


@dataclass(frozen=True, slots=True)
class Extract:
    """A JSON object valid under `schema` (Draft 2020-12), with one field for each of its `properties`.

    A `format` (date, email, uri, …) is checked, not only noted.
    """

    asks: ClassVar[str] = "prompt"
    default_metrics: ClassVar[tuple[str, ...]] = ("exact_match", "partial_match", "field_accuracy", "format")

    schema: dict[str, Any]

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in the schema's order."""
        return tuple(self.schema.get("properties", {}))

    def check(self) -> list[str]:
        """The schema must itself be valid, of an object, and name its fields; no two of them, or of one field's
        values, may look alike."""
        wrong = _wrong_schema(self.schema)
        if wrong:
            return [f"'schema' is no valid JSON Schema: {wrong}."]
        if "$ref" in json.dumps(self.schema):
            return ["'schema' must not use $ref; write the fields out."]
        if not isinstance(self.schema.get("properties"), Mapping) or not self.fields:
            return ["'schema' needs 'properties': one for each field to extract."]
        return [*twins("field", "'schema'", self.fields), *_twin_values(self.schema["properties"])]

    def doubts(self, targets: Sequence[Json]) -> list[str]:
        """A sentence for each format that nothing checks."""
        hint = f"Write a 'pattern', or one of {', '.join(FORMATS)}."
        return [
            f"'format: {name}' in 'schema' is not checked, so any text passes. {hint}"
            for name in dict.fromkeys(unknown_formats(self.schema))
        ]

    def check_target(self, target: Json) -> str | None:
        """The target must be an object that the schema allows, with exactly its fields: what is absent is null."""
        if not isinstance(target, Mapping):
            return "the target must be a JSON object with the fields of the schema."
        fields = self.schema["properties"]
        for name in fields:
            if name not in target:
                return f"the target has no field '{name}'; write null where there is none (the schema must allow it)."
        for name in target:
            if name not in fields:
                return f"the target has the field '{name}', which the schema's properties do not name."
        # A target that fits is told a hundred times sooner this way; why one does not, jsonschema says better.
        error = None if _quick(orjson.dumps(self.schema)).is_valid(target) else self._first_error(target)
        return f"the target does not fit the schema: {error}." if error else None

    def write(self, target: Json) -> str:
        """Compact JSON in the schema's field order, so that every target is written the same way."""
        assert isinstance(target, Mapping)
        return json.dumps({name: target[name] for name in self.fields}, ensure_ascii=False)

    def read(self, text: str) -> dict[str, Json]:
        """The object that the whole text is.

        Raises ValueError where it is not JSON, gives a key twice, or does not fit the schema.
        """
        try:
            value = json.loads(text.strip(), object_pairs_hook=_unique, parse_float=number)
            # NaN, numbers beyond floats and lone surrogates are no JSON, and could not be stored.
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except _DuplicateKey as twice:
            raise ValueError(f"the JSON has the key {twice} twice") from None
        except (ValueError, RecursionError):
            raise ValueError("the text is not JSON") from None
        if not isinstance(value, dict):
            raise ValueError("the JSON is not an object")
        error = self._first_error(value)
        if not error:
            return value
        # What the schema lists, and lengths and patterns, are no matter of the Unicode form either.
        listed = as_listed(value, self.schema)
        if not isinstance(listed, dict) or self._first_error(listed):
            raise ValueError(f"the JSON does not fit the schema: {error}")
        return listed

    def _first_error(self, value: Mapping[str, Json]) -> str | None:
        from jsonschema import Draft202012Validator

        validator = Draft202012Validator(self.schema, format_checker=format_checker())
        error = next(iter(validator.iter_errors(value)), None)
        return error.message[:200] if error else None


class _DuplicateKey(Exception):
    """A key of an object stands twice: readers differ in which value they take."""


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """The object of these keys and values. Raises _DuplicateKey."""
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKey(repr(next(name for name in names if names.count(name) > 1))[:60])
    return value


def _twin_values(fields: Mapping[str, Any]) -> list[str]:
    """Values of one field's `enum` that look alike."""
    return [
        problem
        for name, field in fields.items()
        if isinstance(field, Mapping) and isinstance(values := field.get("enum"), list)
        for problem in twins("value", f"'{name}' of 'schema'", (value for value in values if isinstance(value, str)))
    ]


def _wrong_schema(schema: Mapping[str, Json]) -> str:
    import jsonschema_rs

    if jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}):
        return ""
    from jsonschema import Draft202012Validator, SchemaError  # a seventh of a second, for a better reason

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return str(error.message)
    return ""


@lru_cache(maxsize=64)
def _quick(schema: bytes) -> Any:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(orjson.loads(schema), validate_formats=True)
