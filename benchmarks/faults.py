"""What a server that fails a fifth of its requests costs in requests; it may cost no sample."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.work import check_all_evaluated, run, stub, write_project


def measure(samples: int = 2_000, share: float = 0.2) -> dict[str, float]:
    """Chat requests that the server saw, for each sample."""
    with stub(delay=0.01, faults=share, seed=1) as server, tempfile.TemporaryDirectory() as folder:
        release = write_project(Path(folder), server.url, samples)
        run(release)
        check_all_evaluated(release, samples)
        return {"faulty_server_request_ratio": server.ask("/asked") / samples}
