"""How many rows a training really saw: Axolotl leaves out those that are too long, and goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FILE = "rows.json"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that were given and rows that were used, of training and validation.

    `longest` is sequence_len, in tokens; `cut` are training rows that were cut to it.
    """

    training: tuple[int, int]
    validation: tuple[int, int]
    longest: int
    cut: int = 0


def rows_of(checkpoints: Path, training: int, validation: int) -> Rows | None:
    """What the training noted beside its checkpoints, with the rows of the files; None where it noted nothing.

    Where there is no validation file its rows are split off the training rows, so both are counted together.
    """
    try:
        told = json.loads((checkpoints / FILE).read_text(encoding="utf-8"))
        used, validated = int(told["training"]), int(told["validation"])
        longest, cut = int(told["longest"]), int(told["cut"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not validation:
        return Rows((training, used + validated), (0, 0), longest, cut)
    return Rows((training, used), (validation, validated), longest, cut)
