"""Forms of answers: what is hostile costs no time and reaches nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from harness.config.forms import LONGEST, form_of
from harness.core.errors import ConfigError


def test_hostile_texts_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "form.json").write_text(json.dumps({"type": "array", "items": {"pattern": "^(a+)+$"}}))
    pattern, schema = form_of("regex:(a+)+", tmp_path), form_of("form.json", tmp_path)
    assert pattern
    assert schema
    began = time.process_time()
    assert not pattern("a" * 100_000 + "b")
    assert not schema(json.dumps(["a" * 100_000 + "b"]))
    for text in ("[" * 100_000, "[NaN]", "\x00", "", "[1" + "0" * 5000 + "]x"):
        assert not schema(text)
    assert not pattern("a" * (LONGEST + 1))
    assert time.process_time() - began < 10
    assert pattern("a" * 1000)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"$ref": "http://127.0.0.1:9/x"}', '{"type": 7}', '{"pattern": "(?=x)"}']
)
def test_a_schema_that_is_none_or_lies_elsewhere_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "form.json").write_text(text)
    with pytest.raises(ConfigError, match=r"canary\.format"):
        form_of("form.json", tmp_path)
