"""What is missing, broken or something else than an object holds nothing, and ends nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.json_files import json_object


@pytest.mark.parametrize("content", [b"[1]", b'"a"', b"{", b"", b"\xff\xfe", b"[" * 100_000, b'{"a": 1' * 100_000])
def test_anything_but_an_object_holds_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.json").write_bytes(content)
    assert json_object(tmp_path / "file.json") == {}


def test_an_object_is_read_and_what_is_no_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text('{"é": [1]}', encoding="utf-8")
    assert json_object(tmp_path / "file.json") == {"é": [1]}
    assert json_object(tmp_path / "missing.json") == {} == json_object(tmp_path)
