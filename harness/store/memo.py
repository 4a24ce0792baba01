"""Finished requests of a run under way, kept in a file as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from harness.core.secrets import masked_json


class Memo(MutableMapping[str, Any]):
    """A mapping that survives a kill: each entry is one line, a torn last line is forgotten. Secrets in
    texts are masked, and given so at once: a run that goes on sees what one that was never broken off sees.

    With `only_held`, entries of earlier tries count up to the last `hold` alone: nothing proves that those after it are
    of the right model. In the file a hold is a line of its own, with the number of entries that it covers."""

    def __init__(self, path: Path, only_held: bool = False) -> None:
        self._path, self._held = path, 0
        self._entries: dict[str, Any] = {}
        for line in path.read_bytes().split(b"\n") if path.exists() else []:
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                self._held = min(int(value.get("held", 0)), len(self._entries))
            elif isinstance(value, list) and len(value) == 2:
                self._entries[value[0]] = value[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        if only_held:
            self.drop()
        self._held = len(self._entries)
        with path.open("a", encoding="utf-8") as file:
            file.write("\n")  # ends a line that a kill may have torn

    def hold(self, position: int | None = None) -> None:
        """The first `position` entries (None: all) are proven to be of the right model."""
        self._held = max(self._held, len(self._entries) if position is None else position)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"held": self._held}) + "\n")

    def drop(self) -> None:
        """Forget every entry since the last hold."""
        self._entries = dict(list(self._entries.items())[: self._held])
        lines = [json.dumps(list(item)) for item in self._entries.items()]
        beside = self._path.with_name(self._path.name + ".new")
        beside.write_text("\n".join([*lines, json.dumps({"held": self._held}), ""]), encoding="utf-8")
        beside.replace(self._path)

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
