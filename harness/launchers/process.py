"""In this environment, on this machine."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import Problem
from harness.launchers._children import follow
from harness.launchers._environment import environment
from harness.launchers.interface import Job, Look, Place

DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


@dataclass(frozen=True, slots=True)
class Process:
    """A child of this process. With several `processes` they train data-parallel: one for each GPU, or on the CPU."""

    processes: int = 1

    def place(self) -> Place:
        """This machine. Several processes make larger steps, so their number is part of the run's key."""
        identity = {"processes": self.processes} if self.processes > 1 else {}
        return Place(device_here(), self.processes, self.processes, identity=identity)

    def check(self) -> list[Problem]:
        """Axolotl is here, and a GPU for each process, where there are any."""
        if importlib.util.find_spec("axolotl") is None:
            return [Problem("Axolotl is not installed.", hint="Run: pip install 'harness[train]'")]
        gpus = _gpus() if self.processes > 1 else 0
        if 0 < gpus < self.processes:
            return [Problem(f"this machine has {gpus} of {self.processes} GPUs.", hint="Ask for fewer processes.")]
        return []

    def run(self, job: Job, look: Look) -> int:
        """Run it as a child, in a process group of its own."""
        # -P: a file in the project's folder must not stand in for a package of the same name.
        command = [sys.executable, "-P", "-m", job.module, *job.arguments]
        return follow(command, environment(os.environ, job.online, self.processes), job.log, look)


def device_here() -> str:
    """`cuda` where the installed torch finds a GPU, else `cpu`; asked in a process of its own, if need be."""
    return "cuda" if _gpus() else "cpu"


def _gpus() -> int:
    if not any(Path(node).exists() for node in DEVICES):
        return 0
    question = "import torch; print(torch.cuda.device_count() if torch.cuda.is_available() else 0)"
    asked = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=False)
    words = asked.stdout.split()
    return int(words[-1]) if words and words[-1].isdigit() else 0
