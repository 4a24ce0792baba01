"""Name to plug. A plug's name is its file's name, and the fields of its dataclass are its YAML arguments."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FAMILIES = ("tasks", "metrics", "gates", "perturbations", "servers", "launchers")


@cache
def names(family: str) -> tuple[str, ...]:
    """The plugs of a family, sorted; nothing is imported."""
    found = importlib.util.find_spec(f"harness.{family}")
    folder = str(Path(found.origin).parent) if found and found.origin else ""
    modules = (module.name for module in pkgutil.iter_modules([folder]))
    return tuple(sorted(name for name in modules if name != "interface" and not name.startswith("_")))


def plug(family: str, name: str) -> type[Any]:
    """The class of a plug: in `harness/<family>/<name>.py`, named `<name>` in camel case. Raises KeyError."""
    if name not in names(family):
        raise KeyError(name)
    module = importlib.import_module(f"harness.{family}.{name}")
    found: type[Any] = getattr(module, "".join(part.title() for part in name.split("_")))
    return found


def arguments(family: str, name: str) -> tuple[str, ...]:
    """The argument names that a plug takes."""
    return tuple(field.name for field in dataclasses.fields(plug(family, name)))


def build(family: str, name: str, given: Mapping[str, object]) -> Any:
    """A plug with its arguments, their types checked. Raises KeyError (name), pydantic.ValidationError (types)."""
    from pydantic import TypeAdapter

    # As JSON, because strict Python input takes no mapping for a dataclass; lax input would read `true` as 1.
    return TypeAdapter(plug(family, name)).validate_json(json.dumps(dict(given)), strict=True)
