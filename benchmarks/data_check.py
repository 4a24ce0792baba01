"""Seconds to check 1,000,000 rows of about 200 characters: read, exact duplicates, patterns, schema.

`python -m benchmarks.data_check [ROWS]` prints seconds, CPU seconds and the peak of memory.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import NotHere

ROWS = 1_000_000
MEMORY = 2 * 1024  # MiB that the checks may take
CHECKS = ("exact", "patterns", "schema")
_WORDS = 30
_BLOCK = 10_000
_ROOT = Path(__file__).parents[1]


def measure() -> dict[str, float]:
    """Wall seconds in a process of its own, from the file to the findings. Raises NotHere over the limit of memory."""
    seconds, _, peak = measured(ROWS)
    if peak > MEMORY:
        raise NotHere(f"the checks took {peak:,.0f} MiB of the {MEMORY:,} that they may.")
    return {"check_1m_seconds": seconds}


def measured(rows: int) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds, and the peak of memory in MiB, of a process that checks so many made rows."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        write(file, rows)
        words = [sys.executable, "-m", "benchmarks.data_check", "--file", str(file)]
        done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=_ROOT)
    seconds, used, peak = map(float, done.stdout.split())
    return seconds, used, peak


def write(file: Path, rows: int, seed: int = 1) -> None:
    """Rows of words of the example's messages: some 200 characters and a label; one in a hundred stands twice."""
    rng = random.Random(seed)
    lines = (_ROOT / "data/triage/train.jsonl").read_text(encoding="utf-8").splitlines()
    words = [word for line in lines for word in json.loads(line)["text"].split()]
    labels = ("billing", "shipping", "returns", "account", "technical", "other")
    last = ""
    with file.open("w", encoding="utf-8") as out:
        for start in range(0, rows, _BLOCK):
            for number in range(start, min(rows, start + _BLOCK)):
                if number % 100 or not last:
                    value = {"text": " ".join(rng.choices(words, k=_WORDS + number % 15)), "label": labels[number % 6]}
                    last = json.dumps(value, ensure_ascii=False) + "\n"
                out.write(last)


def _check(file: Path) -> None:
    from harness.data.check import check_rows
    from harness.data.checks.interface import Setting
    from harness.data.read import Reading, rows

    start = time.perf_counter()
    reading = Reading()
    found = check_rows(rows([file], ["rows.jsonl"], reading), Setting(), CHECKS)
    assert found.rows == reading.rows["rows.jsonl"]
    assert found.has_errors
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{time.perf_counter() - start} {sum(os.times()[:4])} {peak}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--file"]:
        gc.set_threshold(50_000, 20, 20)  # as the command does
        _check(Path(sys.argv[2]))
    else:
        wall, cpu, memory = measured(int(sys.argv[1]) if sys.argv[1:] else ROWS)
        sys.stdout.write(f"{wall:.1f} s, {cpu:.1f} s of CPU, {memory:,.0f} MiB\n")
