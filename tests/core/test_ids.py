"""Equal content gives an equal digest, other content another one."""

from __future__ import annotations

import pytest

from harness.core.ids import digest_rows


def test_the_order_of_keys_does_not_count_and_that_of_rows_does() -> None:
    one, other = {"a": 1, "b": [1.5, None]}, {"b": [1.5, None], "a": 1}
    assert digest_rows([one, 2]) == digest_rows([other, 2])
    assert digest_rows([one, 2]) != digest_rows([2, one])


@pytest.mark.parametrize("changed", [{"a": 2}, {"a": "1"}, {"a": 1.0}, {"b": 1}, {"a": 1, "b": None}, None])
def test_each_change_counts(changed: object) -> None:
    assert digest_rows([{"a": 1}]) != digest_rows([changed])


def test_rows_do_not_run_into_each_other() -> None:
    assert digest_rows(["a", "b"]) != digest_rows(["ab"])
    assert digest_rows([1, 2]) != digest_rows([12])
    assert digest_rows([]) != digest_rows([None])


def test_numbers_beyond_64_bits_count_too() -> None:
    assert digest_rows([2**70]) != digest_rows([2**70 + 1])
