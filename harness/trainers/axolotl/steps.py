"""How many steps a training can have at most, before it begins."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from harness.config.source import Source
from harness.core.errors import Problem
from harness.trainers.axolotl.rules import number_of

# A token has three bytes and more in most languages, so a count by threes is rather too high; each row's chat template
# adds some. Packing fills a sequence by this share and more.
_BYTES, _PER_ROW, _FILLED = 3, 40, 0.75


def never_evaluated(source: Source, settings: Mapping[str, object], data: Path, workers: int) -> Problem | None:
    """A step of the first evaluation that this training does not reach; None where it does, or nobody can tell.

    Then no checkpoint is the best one, and early stopping is off. `workers` are processes that train together.
    """
    own = source.value if isinstance(source.value, Mapping) else {}
    values = {**own, **settings}
    pace, most = number_of(values.get("eval_steps")), most_steps(values, data, workers)
    if pace is None or most is None or pace <= max(most, 1.0):
        return None
    message = (
        f"'eval_steps: {pace:g}' lies beyond the end of this training, which has about {most} steps at most: the "
        "validation rows are never used, no checkpoint is the best one, and it cannot stop early."
    )
    key = () if "eval_steps" in settings else ("eval_steps",)
    return source.problem(key, message, "Write a share of all steps: 'eval_steps: 0.1' and 'save_steps: 0.1'.")


def most_steps(values: Mapping[str, object], data: Path, workers: int) -> int | None:
    """An upper bound of the steps; None where the rows cannot be read."""
    declared = number_of(values.get("max_steps"))
    try:
        lines = [line for line in data.read_bytes().splitlines() if line.strip()]
    except OSError:
        return None
    rows = float(len(lines)) * (1 - min(_positive(values, "val_set_size", 0.0), 1.0))
    if values.get("sample_packing") is True:
        length = _positive(values, "sequence_len", 512.0)
        tokens = sum(_text(line) / _BYTES + _PER_ROW for line in lines)
        rows = min(rows, tokens / (length * _FILLED) + workers)
    batch = _positive(values, "micro_batch_size", 1.0) * _positive(values, "gradient_accumulation_steps", 1.0) * workers
    steps = math.ceil(math.ceil(rows / batch) * _positive(values, "num_epochs", 1.0))
    return int(min(steps, declared)) if declared and declared > 0 else steps


def _positive(values: Mapping[str, object], key: str, default: float) -> float:
    number = number_of(values.get(key))
    return number if number is not None and number > 0 else default


def _text(line: bytes) -> int:
    """Bytes of all that a row says."""
    try:
        turns = json.loads(line)["messages"]
        return sum(len(str(turn["content"]).encode()) for turn in turns)
    except (ValueError, LookupError, TypeError):
        return len(line)
