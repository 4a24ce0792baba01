"""Whether time grows as the samples do, and what memory they take."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.work import Ended, check_all_evaluated, run, stub, write_project


def measure(samples: int = 100_000) -> dict[str, float]:
    """Peak memory (MiB) with all samples, and the wall time of them over that of a tenth."""
    few, all_of_them = _run(samples // 10), _run(samples)
    return {
        "run_100k_peak_mib": all_of_them.peak,
        "run_100k_vs_10k_time_ratio": all_of_them.seconds / few.seconds,
    }


def _run(samples: int) -> Ended:
    with stub() as server, tempfile.TemporaryDirectory() as folder:
        release = write_project(Path(folder), server.url, samples)
        ended = run(release)
        check_all_evaluated(release, samples)
        return ended
