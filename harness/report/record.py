"""A decision as JSON and back, without loss: for decision.json and for the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from pydantic import TypeAdapter

from harness.core.decisions import Decision


def to_json(decision: Decision) -> dict[str, object]:
    """Plain JSON values. Raises ValueError for numbers that JSON lacks (NaN, infinities)."""
    record: dict[str, object] = _adapter().dump_python(decision, mode="json")
    json.dumps(record, allow_nan=False)
    return record


def from_json(record: Mapping[str, object]) -> Decision:
    """The decision that `to_json` wrote. Raises ValueError that names each field that is wrong or missing."""
    return _adapter().validate_json(json.dumps(dict(record), allow_nan=False), strict=True)


@cache
def _adapter() -> TypeAdapter[Decision]:
    return TypeAdapter(Decision)
