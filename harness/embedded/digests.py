"""Digests of what is served, so that a caller can prove which bytes answered."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

_BASE_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
    "vocab.*",
    "merges.txt",
    "spiece.model",
    "*.safetensors",
    "*.safetensors.index.json",
)


def digest_file(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_base(folder: Path) -> str:
    """SHA-256 over names and bytes of every file that decides what the base model says."""
    files = {path.name: path for pattern in _BASE_FILES for path in folder.glob(pattern) if path.is_file()}
    listing = {name: digest_file(path) for name, path in sorted(files.items())}
    text = json.dumps(listing, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
