"""Weights of the smallest kind, written by the format's own rules: a base of one layer, and adapters that fit it."""

from __future__ import annotations

import json
from hashlib import sha256

_LAYER = "model.layers.0.self_attn.q_proj"


def base_file(text: str = "base") -> bytes:
    """A base model's file; other text, other weights."""
    return _file({f"{_LAYER}.weight": (4, 4)}, text)


def adapter_file(text: str) -> bytes:
    """A LoRA adapter's file for that base; other text, other weights."""
    at = f"base_model.model.{_LAYER}"
    return _file({f"{at}.lora_A.weight": (1, 4), f"{at}.lora_B.weight": (4, 1)}, text)


def _file(tensors: dict[str, tuple[int, int]], text: str) -> bytes:
    header, end = {}, 0
    for name, shape in tensors.items():
        size = shape[0] * shape[1] * 4
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    told = json.dumps(header).encode()
    data = b"".join(sha256(f"{text}{part}".encode()).digest() for part in range(end // 32))
    return len(told).to_bytes(8, "little") + told + data
