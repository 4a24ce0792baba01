"""Merged models: kept by their digests, refused where they were edited, and where they answer otherwise."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from harness.base_models import merged
from harness.core.errors import OutsideError

FOUND: dict[str, Any] = {
    "dtype": "float32",
    "prompts": [{"text": "a", "ids": [1, 2, 3], "base": [-1.0, -2.0], "adapter": [-3.0, -4.0], "merged": [-3.0, -4.5]}],
    "answers": [
        {"adapter": [-0.1, -0.2], "merged": [-0.1, -0.3], "behind": [0.0, 0.0]},
        {"adapter": [-0.1], "merged": [-0.1], "behind": [0.7]},
        {"adapter": [], "merged": [], "behind": []},
    ],
}


def made(folder: Path, found: dict[str, Any] = FOUND) -> str:
    """A merged model's folder as the child leaves it, and then its manifest; gives its digest."""
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / name).write_text(name)
    (folder / merged.AGREEMENT).write_text(json.dumps(found))
    return merged.finish(folder, "base", "adapter", folder.parent / "cache", lambda _: None)


def there(folder: Path, base: str = "base", adapter: str = "adapter") -> merged.Merged | None:
    return merged.merged_at(folder, base, adapter, folder.parent / "cache", lambda _: None)


def test_the_agreement_is_the_largest_difference_of_each_kind(tmp_path: Path) -> None:
    digest = made(tmp_path / "m")
    found = there(tmp_path / "m")
    assert found is not None
    assert found.digest == digest
    agreement = found.agreement
    assert (agreement.token, agreement.mean, agreement.behind) == pytest.approx((0.5, 0.25, 0.7))
    assert (agreement.same, agreement.answers) == (2, 3)
    assert agreement.fingerprint.prompts[0].adapter == (-3.0, -4.0)
    assert agreement.fingerprint.prompts[0].base == (-1.0, -2.0)


def test_it_is_of_this_base_and_this_adapter_alone(tmp_path: Path) -> None:
    made(tmp_path / "m")
    assert there(tmp_path / "m", base="other") is None
    assert there(tmp_path / "m", adapter="other") is None


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_an_edited_file_is_noticed(tmp_path: Path, name: str) -> None:
    made(tmp_path / "m")
    (tmp_path / "m" / name).write_text("edited")
    assert there(tmp_path / "m") is None


def test_without_a_whole_manifest_there_is_none(tmp_path: Path) -> None:
    made(tmp_path / "m")
    manifest = tmp_path / "m" / merged.MANIFEST
    text = manifest.read_text()
    for broken in (text[: len(text) // 2], "[]", json.dumps({**json.loads(text), "agreement": {}})):
        manifest.write_text(broken)
        assert there(tmp_path / "m") is None
    manifest.unlink()
    assert there(tmp_path / "m") is None


def test_a_disk_that_is_too_small_is_told_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "model.safetensors").write_bytes(b"0" * 1000)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 1000))
    with pytest.raises(OutsideError, match="the merged model may take"):
        merged.merge(base, tmp_path / "adapter", tmp_path / "m", [], tmp_path / "log")
    assert not (tmp_path / "log").exists()


@pytest.mark.e2e
def test_a_merge_that_fails_tells_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    with pytest.raises(OutsideError, match=r"merging base and adapter failed\. Its last words"):
        merged.merge(tmp_path / "base", tmp_path / "adapter", tmp_path / "m", [], tmp_path / "log")
    assert not (tmp_path / "m" / merged.MANIFEST).exists()
