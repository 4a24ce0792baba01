"""A bundle's manifest: written last, with the hashes of everything else and of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core.errors import OutsideError
from harness.core.ids import digest_file, digest_json
from harness.core.runs import Run
from harness.core.samples import Json
from harness.store import records
from harness.store.files import write_lines
from harness.store.parts import FILES, FORMAT

MANIFEST = "manifest.json"


def write_manifest(folder: Path, run: Run, recipe: Mapping[str, Json]) -> None:
    """Write the manifest for the parts as they lie in the folder. Raises OutsideError where the disk refuses."""
    value = {
        "format": FORMAT,
        "run": records.run_to_json(run),
        "recipe": recipe,
        "digests": {name: digest_file(folder / name) for name in FILES[FORMAT]},
    }
    value = json.loads(json.dumps(value, allow_nan=False))  # as it is read back: its digest is taken of that
    text = json.dumps({**value, "digest": digest_json(value)}, indent=1, ensure_ascii=False, sort_keys=True)
    write_lines(folder / MANIFEST, [f"{text}\n".encode()])


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest as it stands. Raises OutsideError where it is newer or unreadable, ValueError for no manifest."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise OutsideError(f"cannot read {folder / MANIFEST}: {error.strerror}.") from None
    number = found.get("format") if isinstance(found, dict) else None
    if not isinstance(number, int):
        raise ValueError("it has no format")
    if number > FORMAT:
        raise OutsideError(
            f"the bundle {folder} was written by a newer harness (format {number}; this one knows {FORMAT}). "
            "Update harness."
        )
    return dict(found)


def is_whole(manifest: Mapping[str, Any]) -> bool:
    """Whether the manifest is as it was written. Raises KeyError where it lacks what every manifest has."""
    if manifest["format"] == 1:
        return bool(digest_json(manifest["run"]) == manifest["run_digest"])
    return bool(manifest_digest(manifest) == manifest["digest"])


def manifest_digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 over all that a manifest says, the hashes of outputs, answers and scores included."""
    return digest_json({key: part for key, part in manifest.items() if key != "digest"})
