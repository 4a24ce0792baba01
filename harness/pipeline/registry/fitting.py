"""Whether an adapter fits a base model, from the headers of their safetensors: no weight is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LARGEST_HEADER = 100 << 20  # bytes; the format's own limit
_PACKED = ("U8", "I8", "I32")  # weights that are packed have other shapes


def misfits(adapter: Path, base: Path) -> list[str]:
    """In what an adapter of LoRA weights does not fit a base model; nothing where it fits, or nothing can be told.

    Each sentence names a layer; only the first of those of another shape is named.
    """
    ours = _shapes(adapter / "adapter_model.safetensors")
    theirs = {name: value for path in sorted(base.glob("*.safetensors")) for name, value in _shapes(path).items()}
    pairs = [(layer, shape, theirs[f"{layer}.weight"]) for layer, shape in _layers(ours).items()
             if f"{layer}.weight" in theirs]  # fmt: skip
    if _layers(ours) and theirs and not pairs:
        return [f"the base model has no layer {next(iter(_layers(ours)))}, which the adapter changes"]
    wrong = [
        f"the adapter was made for a layer {layer} of {list(shape)}, and the base model's is {base_shape['shape']}"
        for layer, shape, base_shape in pairs
        if base_shape["dtype"] not in _PACKED and tuple(base_shape["shape"]) not in (shape, shape[::-1])
    ]
    return wrong[:1]


def _layers(tensors: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """The shape (out, in) of each layer that an adapter changes, by the base model's name of it."""
    found: dict[str, tuple[int, int]] = {}
    for name, value in tensors.items():
        layer, mark, rest = name.partition(".lora_A")
        other = tensors.get(f"{layer}.lora_B{rest}")
        if mark and other and len(value["shape"]) == len(other["shape"]) == 2:
            found[layer.removeprefix("base_model.model.")] = (other["shape"][0], value["shape"][1])
    return found


def _shapes(path: Path) -> dict[str, Any]:
    """Name → {dtype, shape} of a safetensors file; {} where its header cannot be read."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size)) if size <= _LARGEST_HEADER else {}
    except (OSError, ValueError):
        return {}
    tensors = header.items() if isinstance(header, dict) else ()
    return {name: value for name, value in tensors if isinstance(value, dict) and "shape" in value}
