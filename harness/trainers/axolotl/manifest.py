"""What a training run leaves beside its adapter: from which bytes, by which versions, how well."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness import __version__
from harness.core.fingerprints import Fingerprint
from harness.core.ids import digest_file, digest_json
from harness.trainers.axolotl.diagnosis import warnings
from harness.trainers.axolotl.history import History
from harness.trainers.axolotl.resolve import CHECKPOINTS
from harness.trainers.axolotl.rows import rows_of
from harness.trainers.interface import Adapter, TrainRequest

FILE = "manifest.json"
PACKAGES = ("axolotl", "torch", "transformers", "peft", "bitsandbytes")


def versions() -> dict[str, str | None]:
    """The versions that decide what a run leaves; None where a package is not installed."""
    return {"python": platform.python_version(), "harness": __version__} | {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def inputs(request: TrainRequest, resolved: Mapping[str, object], device: str) -> dict[str, object]:
    """All that a run depends on, by content: equal inputs on another machine or path are equal here."""
    files = {
        "base": request.base_digest,
        "data": digest_file(request.data),
        "validation": digest_file(request.validation) if request.validation else None,
        "config": digest_file(request.config),
        "resolved_config": digest_json(_without_paths(resolved)),
    }
    return {"digests": files, "versions": versions(), "seed": request.seed, "device": device}


def _without_paths(resolved: Mapping[str, object]) -> dict[str, object]:
    """The resolved config less what names places; the files themselves are in the digests already."""
    places = ("base_model", "dataset_prepared_path", "output_dir")
    kept = {key: value for key, value in resolved.items() if key not in places}
    for key in ("datasets", "test_datasets"):
        entries = kept.get(key)
        if isinstance(entries, list):
            kept[key] = [{name: value for name, value in entry.items() if name != "path"} for entry in entries]
    return json.loads(json.dumps(kept, default=str))  # type: ignore[no-any-return]


def outcome(request: TrainRequest, history: History, best_step: int, timing: Mapping[str, object]) -> dict[str, object]:
    """What came out of a run, for the manifest."""
    rows = count_rows(request.data)
    validation = count_rows(request.validation) if request.validation else 0
    seen = rows_of(request.output / CHECKPOINTS, rows, validation)
    return {
        "rows": rows,
        "validation_rows": validation,
        **({"rows_used": seen.training[1], "rows_cut": seen.cut} if seen else {}),
        "tokens_trained": history.tokens,
        "best_step": best_step,
        "history": history.as_json(),
        "warnings": warnings(history, seen),
        **timing,
    }


def count_rows(path: Path) -> int:
    """Lines that hold something."""
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def write(folder: Path, value: Mapping[str, object]) -> Path:
    """Written whole or not at all: its presence says that the run is finished."""
    target = folder / FILE
    part = target.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(target)
    return target


def finished(folder: Path, key: str) -> Adapter | None:
    """The adapter of a finished run with these very inputs, if its bytes are still what they were."""
    try:
        stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
        digest = digest_file(folder / "adapter" / "adapter_model.safetensors")
    except (OSError, ValueError):
        return None
    if stored.get("key") != key or stored.get("adapter") != digest:
        return None
    return Adapter(folder / "adapter", digest, stored["digests"]["base"], folder / FILE)


def has_fingerprint(folder: Path) -> bool:
    """Whether the manifest holds a whole fingerprint."""
    stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
    try:
        Fingerprint.from_json(stored.get("fingerprint"))
    except ValueError:
        return False
    return True


def add_fingerprint(folder: Path, computed: Path) -> None:
    """Move the fingerprint in the JSON file `computed` into the manifest. Raises ValueError where it is none."""
    stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
    found = Fingerprint.from_json(json.loads(computed.read_text(encoding="utf-8")))
    write(folder, stored | {"fingerprint": found.as_json()})
    computed.unlink()
