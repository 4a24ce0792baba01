"""The docker command: whether it works, which image is here, and containers of ours that were left behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from harness.core.errors import OutsideError
from harness.servers._commands import found

PROJECT, PID = "harness.project", "harness.pid"
_SECONDS = 60.0


def docker(kind: str) -> str:
    """The path of a docker command whose engine answers. Raises OutsideError."""
    path = found("docker", kind)
    done = _call(path, "version", "--format", "{{.Server.Version}}")
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["no word"])[0]
        raise OutsideError(f"docker does not run here, which serve.{kind} needs: {words}")
    return path


def image_digest(path: str, image: str) -> str:
    """What the image's name stands for now: its digest where the name has one, else that of the image that is here.

    Raises OutsideError where it is not here: a name without a digest may mean another image tomorrow.
    """
    if "@sha256:" in image:
        return image.rsplit("@", 1)[1]
    done = _call(path, "image", "inspect", "--format", "{{.Id}}", image)
    if done.returncode:
        raise OutsideError(
            f"the image {image} is not here, so its digest is not known. `docker pull {image}` first, or name it with "
            "its digest (…@sha256:…)."
        )
    return done.stdout.strip()


@contextmanager
def cleared(path: str, name: str, project: str) -> Iterator[None]:
    """Without containers of this project that a killed command left; in the end, without the container `name`."""
    listed = _call(path, "ps", "--all", "--filter", f"label={PROJECT}={project}", "--format", _ROW)
    for left, _, pid in (row.partition(" ") for row in listed.stdout.splitlines()):
        if not _lives(pid):
            _call(path, "rm", "--force", left)
    try:
        yield
    finally:
        _call(path, "rm", "--force", name)


_ROW = f'{{{{.Names}}}} {{{{.Label "{PID}"}}}}'


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True


def _call(path: str, *words: str) -> subprocess.CompletedProcess[str]:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return subprocess.run([path, *words], capture_output=True, text=True, timeout=_SECONDS)
    raise OutsideError(f"`docker {words[0]}` gave no answer within {_SECONDS:.0f} s.")
