"""Outputs kept across runs. Content-addressed: the key is the hash of everything that an answer depends on."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from harness.core.errors import OutsideError

BATCH = 256


@dataclass(frozen=True, slots=True)
class CacheSize:
    """How much a cache holds: entries, and bytes on disk."""

    entries: int
    bytes: int


class Cache:
    """One SQLite file. Entries are written in batches, so a kill loses a few of them and never spoils the rest.

    Use as a context manager. Raises OutsideError where the file can't be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._new: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("CREATE TABLE IF NOT EXISTS outputs (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        except (OSError, sqlite3.Error) as error:
            raise OutsideError(f"the cache {self.path} can't be used: {error}. {self._way_out}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._flush()
        finally:
            self._db.close()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was kept before this session."""
        return self._db.execute("SELECT 1 FROM outputs LIMIT 1").fetchone() is None

    def get(self, key: str) -> dict[str, Any] | None:
        """The value kept under a key, or None."""
        found = self._db.execute("SELECT value FROM outputs WHERE key = ?", [key]).fetchone()
        return dict(orjson.loads(found[0])) if found else None

    def put(self, key: str, value: dict[str, Any]) -> None:
        """Keep a value; the first one kept under a key stays."""
        self._new.append((key, orjson.dumps(value).decode()))
        if len(self._new) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        try:
            with self._db:
                self._db.executemany("INSERT OR IGNORE INTO outputs VALUES (?, ?)", self._new)
        except sqlite3.Error as error:
            raise OutsideError(f"the cache {self.path} can't be written: {error}. {self._way_out}") from None
        self._new.clear()

    @property
    def _way_out(self) -> str:
        return "Outputs are kept in the run's bundle; --no-cache goes on without the cache."


def size(path: Path) -> CacheSize:
    """What a cache holds; nothing where there is none. Raises OutsideError for a file that is no cache."""
    if not path.is_file():
        return CacheSize(0, 0)
    with Cache(path) as cache:
        entries = cache._db.execute("SELECT count(*) FROM outputs").fetchone()[0]
    return CacheSize(int(entries), sum(file.stat().st_size for file in _files(path)))


def clear(path: Path) -> CacheSize:
    """Remove a cache; gives what it held. Bundles and decisions do not rest on it."""
    held = size(path)
    for file in _files(path):
        file.unlink(missing_ok=True)
    return held


def _files(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}*"))
