"""A server as a child process: its log, its health, its end, and that it does not outlive us."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.core import last_words as logs
from harness.core.errors import OutsideError
from harness.core.samples import Json
from harness.core.secrets import mask_file
from harness.servers import _guardian
from harness.servers._ports import LOOPBACK, listener

_LOOK = 0.25  # seconds
# The client heeds no proxy variables, and both must talk to the same server.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Child:
    """A process in a session of its own; `what` is what people call it, `log` has what it said."""

    what: str
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> str | None:
        """None while it runs; then a sentence with how it ended and its last words."""
        code = self.process.poll()
        return None if code is None else f"{self.what} ended ({_how(code)}). {last_words(self.log)}"

    def refuse_ended(self) -> None:
        """Raises OutsideError where it ended while it was waited for."""
        code = self.process.poll()
        if code is not None:
            raise OutsideError(f"{self.what} ended before it was ready ({_how(code)}). {last_words(self.log)}")


@contextmanager
def started(
    what: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, guarded: bool = True
) -> Iterator[Child]:
    """The command, its output in `log`; all of it is stopped at the end, and keys in the log are masked.

    `guarded`: it ends when this process does. Without, it has to see to that itself, and its standard output is a pipe
    for the caller to read.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    guard = [sys.executable, "-I", _guardian.__file__] if guarded else []
    with log.open("wb") as words:
        # A session of its own: Ctrl-C reaches us alone, and we stop the server when its answers are safe.
        process = subprocess.Popen(
            [*guard, *command], stdin=subprocess.PIPE if guarded else subprocess.DEVNULL,
            stdout=words if guarded else subprocess.PIPE, stderr=words, env=env, start_new_session=True,
        )  # fmt: skip
    try:
        yield Child(what, process, log)
    finally:
        _stop(process)
        mask_file(log)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Gently first; then whatever is left of the session."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_guardian.GRACE + 2)
    _guardian.end_session(process.pid)
    process.wait()
    if process.stdin:
        process.stdin.close()


def wait_healthy(child: Child, port: int, seconds: float, kind: str) -> str:
    """The server's URL, once `/health` answers with 200. Raises OutsideError where it ends or takes longer."""
    url, until = f"http://{LOOPBACK}:{port}", time.monotonic() + seconds
    while time.monotonic() < until:
        child.refuse_ended()
        with contextlib.suppress(http.client.HTTPException, OSError), _OPENER.open(f"{url}/health", timeout=5):
            _refuse_stranger(child, port)
            return url
        time.sleep(_LOOK)
    raise OutsideError(
        f"{child.what} was not healthy after {seconds:.0f} s (serve.{kind}.start). {last_words(child.log)}"
    )


def _refuse_stranger(child: Child, port: int) -> None:
    """Between our look at the port and the server's own, another one may have come to listen there."""
    owner = listener(port)
    try:
        ours = owner is None or os.getsid(owner) == child.process.pid
    except ProcessLookupError:
        ours = False
    if not ours:
        raise OutsideError(f"port {port} was taken by process {owner} while {child.what} started. Start it again.")


def told_at(url: str) -> Mapping[str, Json]:
    """The JSON object at a URL of a server that is up. Raises OutsideError."""
    try:
        with _OPENER.open(url, timeout=30) as reply:
            return dict(json.load(reply))
    except (http.client.HTTPException, OSError, ValueError, TypeError) as error:
        raise OutsideError(f"the server does not answer {url}: {error}") from None


def last_words(log: Path) -> str:
    """What a child ended of, for an error message."""
    try:
        words = logs.last_words(log.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        words = ""
    return f"Its last words ({log}): {words or 'none'}"


def _how(code: int) -> str:
    """128 + n is how a shell, docker and the guardian tell of signal n."""
    number = -code if code < 0 else code - 128
    try:
        return f"killed by {signal.Signals(number).name}"
    except ValueError:
        return f"exit code {code}"
