"""One digest for a model folder, computed once: half a gigabyte takes seconds to hash."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from harness.base_models.interface import OnProgress
from harness.core.ids import digest_files, digest_json, short
from harness.core.json_files import json_object

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

    Kept in `cache`, for as long as each file's size and times of change stay the same.
    """
    known = json_object(_note(folder, cache))
    if known.get("stamp") == _stamp(folder) and isinstance(known.get("digest"), str):
        return str(known["digest"])
    on_progress("hashing the base model")
    digest = digest_files(folder, names_in(folder))
    keep_digest(folder, cache, digest)
    return digest


def names_in(folder: Path) -> list[str]:
    """The names of the files that the digest covers."""
    return sorted({path.name for pattern in PATTERNS for path in folder.glob(pattern) if path.is_file()})


def keep_digest(folder: Path, cache: Path, digest: str) -> None:
    """Keep the digest of a folder as it lies. Where `cache` cannot be written it is computed again each time."""
    with contextlib.suppress(OSError):
        _write(_note(folder, cache), {"stamp": _stamp(folder), "digest": digest})


def _note(folder: Path, cache: Path) -> Path:
    return cache / "digests" / f"{short(digest_json(str(folder.resolve())))}.json"


def _stamp(folder: Path) -> dict[str, list[int]]:
    """Size and times of each file. The time of its last change is the one that no program can set back."""
    stats = {name: (folder / name).stat() for name in names_in(folder)}
    return {name: [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns] for name, stat in stats.items()}


def _write(note: Path, value: dict[str, object]) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    part = note.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(value))
    part.replace(note)
