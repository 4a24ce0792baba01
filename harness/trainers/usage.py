"""What all attempts of a training used, as the training process noted it: `usage.jsonl` beside its progress."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from harness.trainers.energy import Usage

FILE = "usage.jsonl"
NOTHING = "the training process noted no usage"


def note(folder: Path, attempt: str, used: Usage) -> None:
    """Add what an attempt has used so far; its last line counts."""
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"attempt": attempt, **asdict(used)}) + "\n")


def used(folder: Path) -> dict[str, object]:
    """For the manifest: `device_name`, `peak_memory_bytes`, `energy_joules` (None with `energy_reason`).

    Attempts that were killed count up to their last note. Energy that one attempt does not know is known of none.
    """
    attempts = list(_last_lines(folder / FILE).values())
    memory = [one["peak_memory"] for one in attempts if isinstance(one["peak_memory"], int)]
    unknown = next((str(one["reason"]) for one in attempts if one["joules"] is None), None if attempts else NOTHING)
    joules = [float(str(one["joules"])) for one in attempts if one["joules"] is not None]
    return {
        "device_name": str(attempts[-1]["device"]) if attempts else None,
        "peak_memory_bytes": max(memory, default=None),
        "energy_joules": round(sum(joules), 1) if unknown is None else None,
        "energy_reason": unknown or "",
    }


def _last_lines(path: Path) -> Mapping[str, Mapping[str, object]]:
    """The last whole line of each attempt."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found: dict[str, Mapping[str, object]] = {}
    for line in lines:
        try:
            value = json.loads(line)
            found[str(value["attempt"])] = {key: value[key] for key in ("device", "peak_memory", "joules", "reason")}
        except (ValueError, KeyError, TypeError):  # cut by a kill
            continue
    return found
