"""What `harness run` costs beside a client that only sends the same requests."""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from benchmarks.work import Server, check_all_evaluated, run, stub, whole, write_project

CONCURRENCY = 64


def measure(samples: int = 2_000, pairs: int = 7, delay: float = 0.05) -> dict[str, float]:
    """Median of the wall times' ratio over pairs of a fresh project and a bare client, one after the other."""
    ratios = []
    with stub(delay) as server, tempfile.TemporaryDirectory() as folder:
        bodies = _bodies(Path(folder), server, samples)
        for number in range(pairs):
            release = write_project(Path(folder) / str(number), server.url, samples, CONCURRENCY)
            ours = run(release).seconds
            check_all_evaluated(release, samples)
            ratios.append(ours / whole("benchmarks.bare_client", server.url, str(bodies), str(CONCURRENCY)).seconds)
    return {"run_overhead_ratio": statistics.median(ratios)}


def _bodies(root: Path, server: Server, samples: int) -> Path:
    """The bodies that `harness run` sends, as lines of a file."""
    run(write_project(root / "first", server.url, samples, CONCURRENCY))
    sent = server.ask(f"/bodies/0/{samples}")
    path = root / "bodies.jsonl"
    path.write_text("".join(json.dumps(body, separators=(",", ":")) + "\n" for _, body in sent))
    return path
