"""A decision's id, from its record alone: `harness rollback` has no time to load what judges."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from harness.core.directions import Better
from harness.core.ids import digest_json


def record_id(record: Mapping[str, Any]) -> str:
    """Digest of all but the time, and of the places of gates in the file. Raises KeyError, TypeError for no record."""
    value = deepcopy(dict(record))
    del value["id"], value["decided"]
    for result in value["results"]:
        del result["gate"]["place"]
        without_usual(result["gate"], subset=None, unit="", better=Better.HIGHER)
        without_usual(result["finding"], outside=False)
        without_usual(result, waived=False, answers="")
    for use in value.get("waivers", ()):
        del use["waiver"]["place"]
    return digest_json(without_usual(value, waivers=[], attempts={}, looks=[1, 1], endings={}, asked={}))


def without_usual(value: dict[str, Any], **usual: object) -> dict[str, Any]:
    """Without the fields that say the usual: older decisions know no such fields, and must keep their ids."""
    for name, usually in usual.items():
        found = value.get(name)
        if (list(found) if isinstance(found, tuple) else found) == usually:
            value.pop(name, None)
    return value
