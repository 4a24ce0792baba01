"""How long both editions and the index of a stored decision take, and how large the larger page is.

The decision is that of the gate's benchmark (two models, five tasks, twenty gates) at 1,000 and at 25,000 samples. Each
time is of a fresh process, from the loaded release to the three files on disk, with all that is imported on the way.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.gate import project
from benchmarks.work import ENVIRONMENT, ROOT, run, stub, whole

SMALL, LARGE, TIMES = 1_000, 25_000, 5


def measure() -> dict[str, Any]:
    """Medians of five times, with their range; sizes in MiB."""
    (small, small_size), (large, large_size) = _rendered(SMALL), _rendered(LARGE)
    named = {
        f"report_{name}_seconds": {"value": statistics.median(found), "range": [min(found), max(found)], "times": TIMES}
        for name, found in (("1k", small), ("25k", large))
    }
    return {**named, "report_1k_mib": small_size, "report_25k_mib": large_size}


def _rendered(samples: int) -> tuple[list[float], float]:
    with tempfile.TemporaryDirectory() as folder, stub() as server:
        release = project(Path(folder), server.url, samples)
        run(release)
        whole("harness", "gate", "-q", "--no-report", "-f", str(release), codes=(0, 1, 3))
        seconds = [_one(release) for _ in range(TIMES + 1)][1:]
        pages = [page for page in release.parent.rglob("reports/**/*.html") if page.name != "index.html"]
        if len(pages) != 2:
            raise RuntimeError(f"two editions were wanted, there are {pages}")
        return seconds, max(page.stat().st_size for page in pages) / 2**20


def _one(release: Path) -> float:
    words = [sys.executable, "-m", "benchmarks.report", str(release)]
    return float(subprocess.run(words, cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout)


def _time(release: Path) -> float:
    from harness.pipeline.decisions import find_decision
    from harness.pipeline.validate import validate
    from harness.pipeline.workspace import Workspace

    gc.set_threshold(50_000, 20, 20)  # as the command does
    asked = validate(release)
    began = time.perf_counter()
    from harness.pipeline.report import write_reports

    write_reports(asked, find_decision(asked, Workspace(asked.root), None), None)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.stdout.write(f"{_time(Path(sys.argv[1]))}\n")
