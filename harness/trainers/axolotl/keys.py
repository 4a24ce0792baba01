"""The keys that the pinned Axolotl knows, with their types: Axolotl itself drops an unknown key silently.

`python -m harness.trainers.axolotl.keys` writes keys.json anew from the installed Axolotl (in ten seconds).
"""

from __future__ import annotations

import enum
import importlib
import json
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("keys.json")
PLAIN = {bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "dict", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the kinds of value it takes (`any` where Axolotl does not say), and what lies below it.

    `choices` is empty where any value of the kind will do; `fields` holds the keys of a mapping, or of each
    mapping in a list, and is empty where they are free.
    """

    kinds: frozenset[str]
    choices: tuple[str, ...]
    fields: Mapping[str, Key]


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one Axolotl version; `plugins` holds what each of its own plugins adds."""

    version: str
    top: Mapping[str, Key]
    plugins: Mapping[str, Mapping[str, Key]]


@cache
def known() -> Keys:
    """The keys from keys.json; needs no Axolotl."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    plugins = {name: _parse(fields) for name, fields in stored["plugins"].items()}
    return Keys(stored["axolotl"], _parse(stored["keys"]), plugins)


def _parse(stored: Mapping[str, Any]) -> dict[str, Key]:
    return {
        name: Key(frozenset(key["kinds"]), tuple(key.get("choices", ())), _parse(key.get("fields", {})))
        for name, key in stored.items()
    }


def generate() -> dict[str, Any]:
    """What keys.json holds, read from the installed Axolotl's own schema."""
    from importlib.metadata import version

    from axolotl.utils.schemas.config import AxolotlInputConfig

    plugins = {name: describe(model) for name, model in sorted(_plugin_models())}
    return {"axolotl": version("axolotl"), "keys": describe(AxolotlInputConfig), "plugins": plugins}


def describe(model: Any, depth: int = 0) -> dict[str, Any]:
    """The keys of a pydantic model, under their names and their aliases."""
    keys = {}
    for name, field in model.model_fields.items():
        described = _describe_type(field.annotation, depth)
        keys[name] = described
        if field.alias:
            keys[field.alias] = described
    return dict(sorted(keys.items()))


def _describe_type(annotation: Any, depth: int) -> dict[str, Any]:
    kinds: set[str] = set()
    choices: set[str] = set()
    fields: dict[str, Any] = {}
    for leaf in _leaves(annotation):
        if typing.get_origin(leaf) is typing.Literal or _is_a(leaf, enum.Enum):
            values = typing.get_args(leaf) or [member.value for member in leaf]
            kinds |= {PLAIN.get(type(value), "any") for value in values}
            choices |= {value for value in values if isinstance(value, str)}
        elif hasattr(leaf, "model_fields"):
            kinds.add("dict")
            fields = _merge(fields, describe(leaf, depth + 1) if depth < 3 else {})
        elif typing.get_origin(leaf) in (list, tuple, set):
            kinds.add("list")
            for item in typing.get_args(leaf):
                fields = _merge(fields, _describe_type(item, depth).get("fields", {}))
        else:
            kinds.add(PLAIN.get(typing.get_origin(leaf) or leaf, "any"))
    if str in _leaves(annotation):
        choices.clear()
    found = {"kinds": sorted(kinds), "choices": sorted(choices), "fields": fields}
    return {name: value for name, value in found.items() if value}


def _merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The keys of either of two models; a key of both takes what either takes."""
    merged = one | other
    for name in one.keys() & other.keys():
        pair = (one[name], other[name])
        kinds = sorted({kind for key in pair for kind in key["kinds"]})
        # A key that takes any text in one of the two has no choices.
        limited = all("choices" in key or "str" not in key["kinds"] for key in pair)
        choices = sorted({choice for key in pair for choice in key.get("choices", ())}) if limited else []
        fields = _merge(*(key.get("fields", {}) for key in pair))
        found = {"kinds": kinds, "choices": choices, "fields": fields}
        merged[name] = {part: value for part, value in found.items() if value}
    return merged


def _leaves(annotation: Any) -> list[Any]:
    """The members of a union, with Annotated taken off."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _leaves(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [leaf for member in typing.get_args(annotation) for leaf in _leaves(member)]
    return [annotation]


def _is_a(leaf: Any, base: type) -> bool:
    return isinstance(leaf, type) and issubclass(leaf, base)


def _plugin_models() -> Iterator[tuple[str, Any]]:
    """Axolotl's own plugins that bring keys. Those whose packages are not installed cannot be asked."""
    import axolotl.integrations

    for found in pkgutil.iter_modules(axolotl.integrations.__path__):
        module = f"axolotl.integrations.{found.name}"
        for name in _plugin_names(module):
            try:
                path = getattr(importlib.import_module(module), name)().get_input_args()
                home, _, model = (path or "").rpartition(".")
                if home:
                    yield f"{module}.{name}", getattr(importlib.import_module(home), model)
            except ImportError:
                continue


def _plugin_names(module: str) -> list[str]:
    try:
        return [name for name in vars(importlib.import_module(module)) if name.endswith("Plugin")]
    except ImportError:
        return []


def render(stored: Mapping[str, Any]) -> str:
    """As JSON with one key a line, so that a new Axolotl's changes read well in a diff."""
    plugins = ",\n".join(f'"{name}": {_table(keys)}' for name, keys in stored["plugins"].items())
    version, top = json.dumps(stored["axolotl"]), _table(stored["keys"])
    return f'{{\n"axolotl": {version},\n"keys": {top},\n"plugins": {{\n{plugins}\n}}\n}}\n'


def _table(keys: Mapping[str, Any]) -> str:
    rows = ",\n".join(f" {json.dumps(name)}: {json.dumps(key, sort_keys=True)}" for name, key in keys.items())
    return f"{{\n{rows}\n}}"


if __name__ == "__main__":
    FILE.write_text(render(generate()), encoding="utf-8")
