"""What a training that failed left behind: its losses as far as they came, and the cause that its log names."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.trainers.axolotl.resolve import CHECKPOINTS

# What Axolotl and torch say, what it means, and whether it would be so again.
_CAUSES = (
    (r"has no samples left after dropping|num_samples=0|sequence_len.* too short|all samples were dropped",
     "no training row was left: all are longer than sequence_len, or have no answer to learn", True),
    (r"CUDA out of memory|OutOfMemoryError",
     "the GPU's memory was too small: lower micro_batch_size or sequence_len", False),
    (r"No space left on device", "the disk is full", False),
)  # fmt: skip
_READ_AT_MOST = 2_000_000


def cause(log: Path) -> tuple[str, bool]:
    """Why a run failed, in one clause, where its log says so in words that are known; else "".

    With it, whether the same rows and settings would fail in the same way.
    """
    if not log.is_file():
        return "", False
    text = log.read_bytes()[-_READ_AT_MOST:].decode("utf-8", errors="replace")
    return next(((meaning, again) for words, meaning, again in _CAUSES if re.search(words, text)), ("", False))


def told(output: Path, reason: str) -> dict[str, object] | None:
    """A record like a manifest's, of a training without an adapter; None where it came to no loss at all."""
    history = list(_history(output / CHECKPOINTS / "progress.jsonl"))
    return {"history": history, "warnings": [reason.split("\n", 1)[0]]} if history else None


def _history(file: Path) -> Iterator[dict[str, float]]:
    """By step; of a step that was told twice, as after a resume, the later losses count."""
    found: dict[int, dict[str, float]] = {}
    for line in _lines(file):
        losses = {name: float(line[name]) for name in ("loss", "validation_loss") if name in line}
        finite = {name: value for name, value in losses.items() if math.isfinite(value)}
        if finite:
            found.setdefault(int(line["step"]), {}).update(finite)
    for step in sorted(found):
        yield {"step": step, **found[step]}


def _lines(file: Path) -> Iterator[Mapping[str, Any]]:
    for line in file.read_bytes().splitlines() if file.is_file() else ():
        try:
            value = json.loads(line)
        except ValueError:  # the last one, of a run that was killed
            continue
        if isinstance(value, dict) and "step" in value:
            yield value
