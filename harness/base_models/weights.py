"""Whether the weights in a model folder are all there and whole, by their headers alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

INDEX = "model.safetensors.index.json"
_LENGTH = 8  # bytes at the start of a safetensors file that tell how long its header is


def broken_weights(folder: Path) -> Iterator[str]:
    """A problem for each shard that the index names and that is not there, and for each file that is not whole."""
    yield from _missing(folder)
    for path in sorted(folder.glob("*.safetensors")):
        problem = _broken(path)
        if problem:
            yield f"{path.name} {problem}."


def _missing(folder: Path) -> Iterator[str]:
    index = folder / INDEX
    if not index.is_file():
        return
    try:
        named = {str(name) for name in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
    except (ValueError, KeyError, TypeError, AttributeError):
        yield f"{INDEX} is no index of shards."
        return
    for name in sorted(named):
        if not (folder / name).is_file():
            yield f"the shard {name}, which {INDEX} names, is missing."


def _broken(path: Path) -> str | None:
    """Where the header says that the last tensor ends has to be the end of the file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        if size < _LENGTH or length > size - _LENGTH:
            return f"is cut off: it has {size:,} bytes, less than its header"
        try:
            tensors = json.loads(file.read(length))
            ends = [one["data_offsets"][1] for name, one in tensors.items() if name != "__metadata__"]
            wanted = _LENGTH + length + max(ends, default=0)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return "is no safetensors file: its header can't be read"
    return f"is cut off: it has {size:,} of {wanted:,} bytes" if size < wanted else None
