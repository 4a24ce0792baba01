"""The JSON Schema of decision.json, from the values that it is written from."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import TypeAdapter

from harness.core import decisions, estimates, policies

_MODULES = (decisions, policies, estimates)
_DIGEST = {"pattern": "^[0-9a-f]{64}$"}


def decision_schema() -> dict[str, Any]:
    """The schema of one decision's record. What it does not name may not stand there.

    Fields that came later are not required: older records are valid, too.
    """
    made = TypeAdapter(decisions.Decision).json_schema()
    fields = made["properties"]
    fields["id"] |= _DIGEST
    fields["runs"] |= {"required": ["candidate"]}
    fields["runs"]["additionalProperties"]["additionalProperties"] |= _DIGEST  # they lead to folders
    described = {name: _closed(name, part) for name, part in made.pop("$defs").items()}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**head, "$defs": described, **_closed("Decision", made)}


def _closed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """With the value's docstring, and without other keys than its fields."""
    found = next((getattr(module, name) for module in _MODULES if hasattr(module, name)), None)
    text = inspect.getdoc(found) if found else None
    return {
        **({"description": text} if text else {}),
        **schema,
        **({"additionalProperties": False} if "properties" in schema else {}),
    }
