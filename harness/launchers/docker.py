"""In Axolotl's image, on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field

from harness.core.errors import Problem
from harness.core.ids import digest_json
from harness.launchers._children import follow
from harness.launchers._environment import PACKAGE, SECRETS, settings
from harness.launchers.interface import Job, Look, Place

STOP = 20.0  # seconds for the container to end


@dataclass(frozen=True, slots=True)
class Docker:
    """A container that sees what the job reads, and can write to the run's own folder only.

    Every path is the same inside as outside. `gpus` is what `docker run --gpus` takes, or none; several devices may
    be named with or without the quotes that docker wants around them.
    """

    image: str = "axolotlai/axolotl:main-latest"
    gpus: str = "all"
    processes: int = 1
    shm_size: str = "16g"
    options: list[str] = field(default_factory=list)

    def place(self) -> Place:
        """The image holds other versions than this environment: its name is part of the run's key."""
        device = "cpu" if self.gpus == "none" else "cuda"
        identity = {"image": self.image, "processes": self.processes}
        return Place(device, self.processes, self.processes, identity=identity)

    def check(self) -> list[Problem]:
        """The docker command is here."""
        if shutil.which("docker"):
            return []
        return [Problem("'docker' is not on PATH.", hint="Install Docker, or choose another launcher.")]

    def run(self, job: Job, look: Look) -> int:
        """Run it in a container that is gone afterwards, however this ends."""
        name = f"harness-{digest_json(str(job.folder))[:16]}"
        _quietly("rm", "--force", name)  # of a run whose caller was killed
        try:
            return follow(self.command(job, name), os.environ, job.log, look, STOP)
        finally:
            _quietly("stop", "--time", "5", name)

    def command(self, job: Job, name: str) -> list[str]:
        """The whole `docker run`."""
        gpus = [] if self.gpus == "none" else ["--gpus", _quoted(self.gpus)]
        return [
            # -i: the job's standard input ends with this process. --init: a killed group ends the container.
            "docker", "run", "--rm", "--init", "-i", "--name", name,
            "--network", "bridge" if job.online else "none",
            "--user", f"{os.getuid()}:{os.getgid()}", "--shm-size", self.shm_size, *gpus,
            *_mounts(job), *_variables(job), *self.options, "--workdir", str(job.folder), "--entrypoint", "python",
            self.image, "-P", "-m", job.module, *job.arguments,
        ]  # fmt: skip


def _quoted(gpus: str) -> str:
    """Docker reads the value as a row of CSV: `device=0,1` would be a device and a number of GPUs."""
    return f'"{gpus}"' if gpus.startswith("device=") and "," in gpus else gpus


def _mounts(job: Job) -> list[str]:
    """At the same path as here, and what is a link with what it leads to.

    Of our package alone: its neighbours would stand in for the image's own.
    """
    inside = [path for folder in job.reads if folder.is_dir() for path in folder.rglob("*")]
    read = (PACKAGE, *job.reads, *sorted({path.resolve() for path in inside if path.is_symlink()}))
    found = [f"type=bind,source={path},target={path},readonly" for path in read]
    found.append(f"type=bind,source={job.folder},target={job.folder}")
    return [part for mount in found for part in ("--mount", mount)]


def _variables(job: Job) -> list[str]:
    # Libraries keep caches in the home folder and ask for the user's name, which the image does not know.
    own = {"HOME": "/tmp", "USER": "harness", "PYTHONPATH": str(PACKAGE.parent)}
    stated = [f"{name}={value}" for name, value in (settings(job.online) | own).items()]
    secret = [name for name in SECRETS if job.online and name in os.environ]
    return [part for one in (*stated, *secret) for part in ("--env", one)]


def _quietly(*command: str) -> None:
    subprocess.run(["docker", *command], capture_output=True, check=False, timeout=60)
