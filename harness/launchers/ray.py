"""As a task of a Ray cluster, or with Axolotl's own Ray Train."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import dataclass

from harness.core.errors import ConfigError, Problem
from harness.launchers._children import follow
from harness.launchers._environment import environment
from harness.launchers.interface import Job, Look, Place

DRIVER = "harness.launchers._ray_driver"


@dataclass(frozen=True, slots=True)
class Ray:
    """One worker runs the job as it would run here; several are Axolotl's own Ray Train, which needs GPUs.

    The workers see the same files at the same paths as this machine.
    """

    address: str = "auto"
    workers: int = 1
    gpus: float = 1.0
    cpus: float = 1.0
    wait: float = 600.0

    def place(self) -> Place:
        """A worker with GPUs, or a CPU alone. Raises ConfigError for several workers on CPUs."""
        if self.workers == 1:
            return Place("cuda" if self.gpus else "cpu")
        if not self.gpus:
            message = "Axolotl's Ray Train asks for a GPU for each worker, so 'workers' above 1 needs 'gpus' above 0."
            hint = "On CPUs write 'workers: 1', or 'launcher: {process: {processes: N}}'."
            raise ConfigError(Problem(message, hint=hint))
        resources = {"CPU": self.cpus, "GPU": self.gpus}
        settings = {"use_ray": True, "ray_num_workers": self.workers, "resources_per_worker": resources}
        return Place("cuda", self.workers, settings=settings, identity={"processes": self.workers})

    def check(self) -> list[Problem]:
        """Ray is installed."""
        if importlib.util.find_spec("ray") is not None:
            return []
        return [Problem("Ray is not installed.", hint="Run: pip install 'harness[ray]'")]

    def run(self, job: Job, look: Look) -> int:
        """A child asks the cluster; where it ends, Ray ends what it asked for."""
        env = environment(os.environ, job.online)
        if self.workers > 1 and job.config:
            command, env = [job.module, *job.arguments], env | {"RAY_ADDRESS": self.address}
        else:
            command = [DRIVER, json.dumps(self._asked(job))]
        return follow([sys.executable, "-P", "-m", *command], env, job.log, look)

    def _asked(self, job: Job) -> dict[str, object]:
        return {
            "address": self.address,
            "resources": {"num_cpus": self.cpus, "num_gpus": self.gpus},
            "wait": self.wait,
            "command": ["-P", "-m", job.module, *job.arguments],
            "online": job.online,
            "needs": [str(path) for path in (job.folder, *job.reads)],
            "log": str(job.log),
        }
