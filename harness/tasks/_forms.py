"""Texts of an answer in the form in which a schema lists them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from harness.core.folding import folded
from harness.core.samples import Json


def as_listed(value: Json, schema: Mapping[str, Json]) -> Json:
    """The value with each text that folds to one of the schema's `enum` or `const` as that one, all others in NFC."""
    return _listed(value, {folded(text): text for text in _texts(schema)})


def _listed(value: Json, texts: Mapping[str, str]) -> Json:
    if isinstance(value, str):
        return texts.get(folded(value)) or unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {key: _listed(item, texts) for key, item in value.items()}
    return [_listed(item, texts) for item in value] if isinstance(value, list) else value


def _texts(schema: Json) -> Iterator[str]:
    """The texts under `enum` and `const` anywhere in a schema."""
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            listed = value if key == "enum" and isinstance(value, list) else [value] if key == "const" else []
            yield from (text for text in listed if isinstance(text, str))
            yield from _texts(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _texts(item)
