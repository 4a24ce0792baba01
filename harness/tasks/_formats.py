"""`format` of JSON Schema (Draft 2020-12), checked: an annotation alone would let any text be a date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from harness.core.samples import Json

if TYPE_CHECKING:
    from jsonschema import FormatChecker

# Those of the specification, all of which jsonschema-rs checks; jsonschema needs other packages for half of them.
FORMATS = (
    "date", "date-time", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri",
    "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer", "relative-json-pointer", "regex",
)  # fmt: skip
_NO_SCHEMAS = ("enum", "const", "default", "examples")  # what they hold are values


@cache
def format_checker() -> FormatChecker:
    """A checker for jsonschema that knows all of FORMATS."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name in FORMATS:
        checker.checks(name)(partial(_fits, name))
    return checker


def _fits(name: str, value: object) -> bool:
    return bool(_validator(name).is_valid(value)) if isinstance(value, str) else True


@cache
def _validator(name: str) -> Any:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator({"format": name}, validate_formats=True)


def unknown_formats(schema: Json) -> Iterator[str]:
    """The formats anywhere in a schema that nothing checks."""
    if isinstance(schema, Mapping):
        name = schema.get("format")
        if isinstance(name, str) and name not in FORMATS:
            yield name
        for key, value in schema.items():
            if key not in _NO_SCHEMAS:
                yield from unknown_formats(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from unknown_formats(value)
