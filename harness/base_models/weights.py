"""Whether the weights in a model folder are all there and whole, by their headers alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import prod
from pathlib import Path

from harness.base_models.adapters import shapes

INDEX = "model.safetensors.index.json"


def broken_weights(folder: Path) -> Iterator[str]:
    """A problem for each shard that the index names and that is not there, and for each file that is not whole."""
    yield from _missing(folder)
    for path in sorted(folder.glob("*.safetensors")):
        problem = _broken(path)
        if problem:
            yield f"{problem}."


def float32_bytes(folder: Path) -> int:
    """Bytes that the weights take in float32. Raises OSError, ValueError where a file can't be read."""
    return 4 * sum(prod(shape) for path in folder.glob("*.safetensors") for shape in shapes(path).values())


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
    try:
        shapes(path)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, IndexError, AttributeError):
        return f"{path.name} is no whole safetensors file: its header can't be read"
    except ValueError as error:
        return str(error)
    return None
