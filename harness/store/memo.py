"""Finished requests of a run under way, kept in a file as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from harness.core.secrets import masked_json


class Memo(MutableMapping[str, Any]):
    """A mapping that survives a kill: each entry is one line, a torn last line is forgotten. Secrets in
    texts are masked, and given so at once: a run that goes on sees what one that was never broken off sees."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, Any] = {}
        for line in path.read_bytes().split(b"\n") if path.exists() else []:
            try:
                key, value = json.loads(line)
            except ValueError:
                continue
            self._entries[key] = value
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("\n")  # ends a line that a kill may have torn

    def __getitem__(self, key: str) -> Any:
        return self._entries[key]

    def __setitem__(self, key: str, value: Any) -> None:
        value = self._entries[key] = masked_json(value)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, value]) + "\n")

    def __delitem__(self, key: str) -> None:
        raise TypeError("finished requests are never forgotten")

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
