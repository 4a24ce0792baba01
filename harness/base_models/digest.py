"""One digest for a model folder, computed once: half a gigabyte takes seconds to hash."""

from __future__ import annotations

import json
import os
from pathlib import Path

from harness.base_models.interface import OnProgress
from harness.core.ids import digest_files, digest_json, short

PATTERNS = (
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


def digest_of(folder: Path, cache: Path, on_progress: OnProgress) -> str:
    """SHA-256 over every file that decides what the model says.

    Kept in `cache`, for as long as each file's size and time of change stay the same.
    """
    names = sorted({path.name for pattern in PATTERNS for path in folder.glob(pattern) if path.is_file()})
    stamp = {name: [(folder / name).stat().st_size, (folder / name).stat().st_mtime_ns] for name in names}
    note = cache / "digests" / f"{short(digest_json(str(folder.resolve())))}.json"
    known = _read(note)
    if known.get("stamp") == stamp and isinstance(known.get("digest"), str):
        return str(known["digest"])
    on_progress("hashing the base model")
    digest = digest_files(folder, names)
    _write(note, {"stamp": stamp, "digest": digest})
    return digest


def _read(note: Path) -> dict[str, object]:
    try:
        value = json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _write(note: Path, value: dict[str, object]) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    part = note.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(value))
    part.replace(note)
