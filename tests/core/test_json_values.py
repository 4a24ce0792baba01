"""Numbers are compared by value and read without rounding."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.json_values import canonical, number, same
from harness.core.samples import Json

NUMBERS = st.integers(-2, 2) | st.sampled_from([0.0, -0.0, 1.0, 1.5])
SCALARS = st.none() | st.booleans() | NUMBERS | st.text("e\u0301é ", max_size=2)
VALUES = st.recursive(SCALARS, lambda one: st.lists(one, max_size=2) | st.dictionaries(st.sampled_from("xy"), one))


@given(st.integers(-(2**80), 2**80))
def test_a_whole_number_is_itself_however_it_is_written(value: int) -> None:
    for text in (f"{value}.0", f"{value}e0", f"{value * 10}e-1"):
        read = json.loads(text, parse_float=number)
        assert same(read, value)
        assert not same(read, value + 1)


@pytest.mark.parametrize("text", ["0.1", "1e22", "-0.0", "12345.678", "9007199254740992.0"])
def test_what_a_float_holds_stays_a_float(text: str) -> None:
    assert repr(json.loads(text, parse_float=number)) == repr(float(text))


def test_what_is_too_large_for_a_float_is_infinite() -> None:
    assert math.isinf(number("1e999"))
    assert not same(math.nan, math.nan)
    assert not same(math.inf, 10**400)


@given(VALUES, VALUES)
def test_values_are_the_same_where_their_canonical_forms_are(first: Json, second: Json) -> None:
    written = [json.dumps(canonical(value), sort_keys=True) for value in (first, second)]
    assert same(first, second) is (written[0] == written[1])


def test_depth_does_not_matter_and_keys_count_letter_by_letter() -> None:
    assert same({"a": [{"b": 2.0}, "Zoë"]}, {"a": [{"b": 2}, "Zoe\u0308"]})
    assert not same({"é": 1}, {"e\u0301": 1})
    assert not same([1], {"0": 1})
    assert not same(1, True)
    assert same((1, 2), [1.0, 2.0])
