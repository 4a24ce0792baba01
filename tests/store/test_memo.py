"""Requests that were finished are kept through a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.store.memo import Memo


def test_the_memo_survives_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "memo.jsonl"
    memo = Memo(path)
    memo["a"], memo["b"] = [-1.5, True], "text"
    with path.open("ab") as file:
        file.write(b'["c", [-2.')
    again = Memo(path)
    assert dict(again) == {"a": [-1.5, True], "b": "text"}
    again["c"] = 1
    assert dict(Memo(path)) == {"a": [-1.5, True], "b": "text", "c": 1}
    with pytest.raises(TypeError):
        del again["a"]


def test_only_what_was_held_counts_where_it_must_be_proven(tmp_path: Path) -> None:
    path = tmp_path / "memo.jsonl"
    memo = Memo(path, only_held=True)
    memo["a"] = 1
    memo.hold()
    memo["b"] = 2
    assert dict(Memo(path)) == {"a": 1, "b": 2}
    memo = Memo(path, only_held=True)
    assert dict(memo) == {"a": 1}
    memo["c"] = 3
    memo.drop()
    assert dict(memo) == dict(Memo(path)) == {"a": 1}
