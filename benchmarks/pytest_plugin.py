"""What a pytest pays for the plugin where it has nothing to do with it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def measure(pairs: int = 25) -> dict[str, float]:
    """The least wall time of a pytest with the plugin, less that of one without, in milliseconds; in turns."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_one.py").write_text("def test_one(): pass\n")
        times = [(_seconds(folder, "harness.pytest_plugin"), _seconds(folder, "")) for _ in range(pairs + 1)]
    ours, bare = zip(*times[1:], strict=True)  # the first ones write their bytecode
    return {"pytest_plugin_ms": 1000 * (min(ours) - min(bare))}


def _seconds(folder: str, plugins: str) -> float:
    """A pytest with these plugins and no others. As an entry point ours costs the same: the search is for all."""
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": plugins, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env={**os.environ, **alone}, check=True, capture_output=True)
    return time.perf_counter() - began
