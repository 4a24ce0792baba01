"""On a GPU host that is reached by ssh: inputs are sent there, the run's folder comes back."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from harness.core.errors import OutsideError, Problem
from harness.core.ids import digest_json
from harness.launchers import _transfer
from harness.launchers._children import follow, sigterm_interrupts, stop
from harness.launchers._environment import PACKAGE, SECRETS, settings
from harness.launchers.interface import Job, Look, Place

# The progress of this attempt only. Its standard input ends with us, and so does it.
TAIL = "tail -n 0 -F {} 2>/dev/null & tail=$!; cat >/dev/null; kill $tail"


@dataclass(frozen=True, slots=True)
class Ssh:
    """OpenSSH's own command with the user's own settings: it never asks, and forwards no agent.

    Inputs lie there by their digest, so that each is sent once; a run's folder stays there, to be gone on with.
    """

    host: str
    user: str | None = None
    port: int = 22
    identity: str | None = None
    folder: str = "harness-training"
    python: str = "python3"
    processes: int = 1

    def place(self) -> Place:
        """A host with GPUs; which one it is does not count."""
        identity = {"processes": self.processes} if self.processes > 1 else {}
        return Place("cuda", self.processes, self.processes, identity=identity)

    def check(self) -> list[Problem]:
        """The commands are here."""
        lacking = [name for name in ("ssh", "tar") if not shutil.which(name)]
        return [Problem(f"'{name}' is not on PATH.", hint="Install it.") for name in lacking]

    def run(self, job: Job, look: Look) -> int:
        """Send what is not there yet, run the job, and bring back what it left."""
        with sigterm_interrupts():
            there = _There(self._home(), job)
            self._send(there, job)
            with self._progress(there, job):
                code = follow([*self.command(job.online), there.start(self.python)], os.environ, job.log, look)
            if code == 255:
                said = "could not be reached, or the connection broke. Run the command again to go on."
                raise OutsideError(f"ssh: {self.host} {said} The whole log: {job.log}")
            if code == 0:
                _transfer.receive([*self.command(), there.pack()], job.folder, job.leaves)
        return code

    def command(self, online: bool = False) -> list[str]:
        """ssh up to the remote command."""
        options = ["-o", "BatchMode=yes", "-o", "ForwardAgent=no", "-o", "ServerAliveInterval=15"]
        options += [part for name in SECRETS if online and name in os.environ for part in ("-o", f"SendEnv={name}")]
        options += ["-i", self.identity] if self.identity else []
        options += ["-l", self.user] if self.user else []
        return ["ssh", "-T", *options, "-p", str(self.port), "--", self.host]

    def _home(self) -> PurePosixPath:
        """The folder there, as an absolute path."""
        folder = shlex.quote(self.folder)
        made = f"mkdir -p {folder}/inputs {folder}/runs && cd {folder} && pwd -P"
        return PurePosixPath(_transfer.ask([*self.command(), made], self.host).strip().splitlines()[-1])

    def _send(self, there: _There, job: Job) -> None:
        for path, target in there.inputs.items():
            probe = f"test -e {shlex.quote(str(target))} && echo there || echo missing"
            if "there" not in _transfer.ask([*self.command(), probe], self.host):
                _transfer.send(path.parent, [path.name], [*self.command(), _unpacked(target)], self.host)
        into = f"mkdir -p {shlex.quote(str(there.run))} && tar -xf - -C {shlex.quote(str(there.run))}"
        _transfer.send(job.folder, job.starts_with, [*self.command(), into], self.host)
        if job.config:
            moved = _transfer.translated(job.config, there.moved).encode()
            name = there.run / job.config.relative_to(job.folder)
            _transfer.ask([*self.command(), f"cat > {shlex.quote(str(name))}"], self.host, moved)

    @contextlib.contextmanager
    def _progress(self, there: _There, job: Job) -> Iterator[None]:
        """A second connection, by which the lines of the progress file come as they are written."""
        if job.progress is None:
            yield
            return
        job.progress.parent.mkdir(parents=True, exist_ok=True)
        remote = shlex.quote(there.path(str(job.progress)))
        with job.progress.open("ab") as out, job.log.open("ab") as log:
            tail = subprocess.Popen(
                [*self.command(), TAIL.format(remote)], stdin=subprocess.PIPE, stdout=out, stderr=log,
                start_new_session=True,
            )  # fmt: skip
            try:
                yield
            finally:
                stop(tail, 0.5)


class _There:
    """Where everything of a job lies on the other machine."""

    def __init__(self, home: PurePosixPath, job: Job) -> None:
        self.job = job
        self.run = home / "runs" / digest_json([str(job.folder), job.key])[:16]
        package = {PACKAGE: _transfer.digest_tree(PACKAGE)}
        self.inputs = {path: home / "inputs" / digest_json(digest)[:16] / path.name
                       for path, digest in (package | dict(job.reads)).items()}  # fmt: skip
        self.moved = {str(path): str(target) for path, target in self.inputs.items()} | {str(job.folder): str(self.run)}

    def path(self, here: str) -> str:
        """A path of this machine there; any other text as it is."""
        return _transfer.moved(here, self.moved)

    def start(self, python: str) -> str:
        """The shell's command that becomes the job."""
        variables = settings(self.job.online) | {"PYTHONPATH": str(self.inputs[PACKAGE].parent)}
        words = ["env", *(f"{name}={value}" for name, value in variables.items())]
        words += [python, "-P", "-m", self.job.module, *(self.path(one) for one in self.job.arguments)]
        return f"cd {shlex.quote(str(self.run))} && exec {shlex.join(words)}"

    def pack(self) -> str:
        """The shell's command that writes what comes back: what only a resumed run needs stays there."""
        left = " ".join(f"--exclude={shlex.quote(name)}" for name in _transfer.STAYS)
        return f"tar -cf - -C {shlex.quote(str(self.run))} {left} {shlex.join(self.job.leaves)}"


def _unpacked(target: PurePosixPath) -> str:
    """The shell's command that unpacks a path under its digest: whole, or not at all."""
    folder = shlex.quote(str(target.parent))
    # $$: two runs may send the same file at once.
    return (
        f"rm -rf {folder}.$$ && mkdir -p {folder}.$$ && tar -xf - -C {folder}.$$ "
        f"&& rm -rf {folder} && mv {folder}.$$ {folder}"
    )
