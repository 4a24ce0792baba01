"""What the router costs: the time it adds to a request, and how many requests it lets through."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import NotHere
from benchmarks.work import ENVIRONMENT, ROOT, stub

CONNECTIONS = 64
DELAY = 0.05
_SCRIPT = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"model":"tgi","max_tokens":8,"messages":[{"role":"user","content":"My question is about billing"}]}'
"""
_PERCENTILE = re.compile(r"50%\s+([\d.]+)(us|ms|s)\b")
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_FAILED = re.compile(r"(Non-2xx|Socket errors)[^\n]*")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def measure(pairs: int = 5, seconds: int = 4) -> dict[str, float]:
    """Medians over pairs of loads by `wrk`, straight at the stub and through the router, one after the other."""
    if shutil.which("wrk") is None:
        raise NotHere("wrk is not on PATH")
    added, kept = [], []
    with stub(DELAY) as slow, stub() as instant, _router(slow.url) as to_slow, _router(instant.url) as to_instant:
        for _ in range(pairs):
            added.append(_load(to_slow, seconds)[0] - _load(slow.url, seconds)[0])
            kept.append(_load(to_instant, seconds)[1] / _load(instant.url, seconds)[1])
    return {"router_p50_overhead_ms": statistics.median(added), "router_throughput_ratio": statistics.median(kept)}


def _load(url: str, seconds: int) -> tuple[float, float]:
    """The median time of a request in ms, and requests per second. Raises RuntimeError where one failed."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT)
        script.flush()
        words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script.name]
        told = subprocess.run([*words, f"{url}/v1/chat/completions"], capture_output=True, text=True, check=True).stdout
    median, rate, failed = _PERCENTILE.search(told), _RATE.search(told), _FAILED.search(told)
    if failed or not median or not rate:
        raise RuntimeError(f"wrk at {url}: {failed[0] if failed else told}")
    return float(median[1]) * _MILLISECONDS[median[2]], float(rate[1])


@contextmanager
def _router(url: str) -> Iterator[str]:
    """The router as a process of its own, with its log."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "benchmarks.router", url, folder]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.PIPE, cwd=ROOT, env=ENVIRONMENT)
        try:
            assert process.stdout is not None
            yield process.stdout.readline().decode().strip()
        finally:
            process.communicate()


def _serve(url: str, folder: Path) -> None:
    """Until standard input ends."""
    from harness.core.routes import Route
    from harness.router.log import Redaction, TrafficLog
    from harness.router.running import running
    from harness.router.table import Routes, Target

    log = TrafficLog(folder / "traffic", folder / "requests", Redaction(), 86_400.0)
    routes = Routes(Target("v1", (url,), "tuned"))
    with running(Route(port=0), routes, log, None, None, lambda text: None) as router:
        sys.stdout.write(f"{router.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]))
