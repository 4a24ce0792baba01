"""When two JSON values are the same."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from harness.core.folding import folded
from harness.core.samples import Json

EXACT = 2.0**53  # from here on not each whole number has a float of its own


def same(first: Json, second: Json) -> bool:
    """Whether two values are equal to a reader: numbers by value, texts folded, at every depth.

    20 is 20.0 and 2e1, true is not 1, and null is nothing but null. Keys are compared letter by letter, lists in their
    order.
    """
    if isinstance(first, str) and isinstance(second, str):
        return first == second or folded(first) == folded(second)
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(same(value, second[key]) for key, value in first.items())
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(map(same, first, second))
    if _is_number(first) and _is_number(second):
        return first == second  # Python compares whole numbers and floats without rounding
    return type(first) is type(second) and first == second


def canonical(value: Json) -> Json:
    """The value in the form that all values which are the `same` share: texts folded, whole numbers as such."""
    if isinstance(value, str):
        return folded(value)
    if isinstance(value, Mapping):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return list(map(canonical, value))
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number(text: str) -> float | int:
    """The number that a JSON text with a fraction or an exponent writes, for `parse_float` of the json module.

    A whole number that no float is becomes an int: 9007199254740993.0 is not 9007199254740992. What is too large for a
    float is infinite.
    """
    value = float(text)
    if not EXACT <= abs(value) < float("inf"):
        return value
    exact = Decimal(text)
    return value if exact == Decimal(value) or exact != int(exact) else int(exact)
