"""Answers kept across runs: found by their content's key alone, whole after a kill, gone when cleared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.store.cache import BATCH, Cache, CacheSize, clear, size

KEEP_THEN_DIE = """
import os, signal, sys
from pathlib import Path
from harness.store.cache import Cache
cache = Cache(Path(sys.argv[1])).__enter__()
for i in range(int(sys.argv[2])):
    cache.put(str(i), {"text": str(i)})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_value_comes_back_under_its_key_only(tmp_path: Path) -> None:
    with Cache(tmp_path / "cache") as cache:
        cache.put("a", {"text": "größer", "latency": 0.5})
    with Cache(tmp_path / "cache") as cache:
        assert cache.get("a") == {"text": "größer", "latency": 0.5}
        assert cache.get("b") is None


def test_the_first_value_of_a_key_stays(tmp_path: Path) -> None:
    with Cache(tmp_path / "cache") as cache:
        cache.put("a", {"text": "first"})
        cache.put("a", {"text": "second"})
    with Cache(tmp_path / "cache") as cache:
        assert cache.get("a") == {"text": "first"}


def test_a_kill_leaves_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    ended = subprocess.run([sys.executable, "-c", KEEP_THEN_DIE, str(path), str(2 * BATCH + 7)], env=os.environ)
    assert ended.returncode == -signal.SIGKILL
    assert size(path).entries == 2 * BATCH
    with Cache(path) as cache:
        assert cache.get("0") == {"text": "0"}


def test_clearing_tells_what_was_held_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    assert clear(path) == CacheSize(0, 0)
    with Cache(path) as cache:
        cache.put("a", {"text": "x"})
    held = clear(path)
    assert (held.entries, held.bytes > 0) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_cache_is_told_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    path.write_bytes(b"no database at all, but longer than a header of one would be" * 20)
    with pytest.raises(OutsideError, match=r"can't be used.*--no-cache"), Cache(path):
        pass
