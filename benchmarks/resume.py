"""How soon a half-done run sends its next request, and that it is for a sample that was missing."""

from __future__ import annotations

import json
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.work import Server, bundle, start, stub, write_project

ASKING_SECONDS = 300.0


def measure(samples: int = 100_000, tries: int = 3) -> dict[str, float]:
    """Median of the seconds from the process's start to its first chat request."""
    with stub() as server, tempfile.TemporaryDirectory() as folder:
        release = write_project(Path(folder), server.url, samples)
        _killed(release, server, samples // 2)
        return {"resume_seconds": statistics.median(_resumed(release, server) for _ in range(tries))}


def _killed(release: Path, server: Server, after: int) -> float:
    """When the process was started that was killed after so many chat requests."""
    began = time.monotonic()
    process = start("harness", "run", "-q", "-f", str(release))
    try:
        while server.ask("/asked") < after:
            if process.poll() is not None or time.monotonic() > began + ASKING_SECONDS:
                raise RuntimeError(f"the run did not ask {after} samples (exit code {process.poll()})")
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return began


def _resumed(release: Path, server: Server) -> float:
    """Seconds to the first request. Raises RuntimeError where that is for a sample that has its output."""
    kept, before = _kept(release), server.ask("/asked")
    began = _killed(release, server, before + 1)
    ((came, body),) = server.ask(f"/bodies/{before}/{before + 1}")
    if _sample(body) in kept:
        raise RuntimeError(f"the sample {_sample(body)} was asked again")
    return float(came) - began


def _kept(release: Path) -> set[str]:
    """The samples whose outputs count: those up to the last proof of the model. The last line may be torn."""
    rows = [json.loads(line) for line in (bundle(release) / "outputs.jsonl").read_text().split("\n")[:-1]]
    held = max((row["held"] for row in rows if "held" in row), default=0)
    return {row["sample_id"] for row in [row for row in rows if "held" not in row][:held]}


def _sample(body: Any) -> str:
    """`m7` for the text "Message 7: …"."""
    words: list[str] = body["messages"][-1]["content"].split()
    return "m" + words[1].rstrip(":")
