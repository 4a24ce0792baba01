"""Runs a server that does not watch its parent itself: `python -I _guardian.py COMMAND…`.

Ends with the server's exit code (128 + n after signal n). Once standard input ends, because the parent is gone, or
SIGTERM comes, the server gets SIGTERM, and after GRACE seconds nothing of its session is left. Imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

GRACE = 8.0
_LOOK = 0.1  # seconds


def end_session(session: int) -> None:
    """SIGKILL for every other process of a session. TGI's shards are in process groups of their own, but not in other
    sessions."""
    for pid in _members(session):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _members(session: int) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
        except (OSError, IndexError):  # ended meanwhile
            continue
        if int(fields[3]) == session and int(entry.name) != os.getpid():
            yield int(entry.name)


def main(command: list[str]) -> int:
    """The server's exit code."""
    asked: list[str] = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append("SIGTERM"))
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_follow, args=(asked,), daemon=True).start()
    try:
        while server.poll() is None and not asked:
            time.sleep(_LOOK)
        if server.returncode is None:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(GRACE)
    finally:
        end_session(os.getsid(0))
    code = server.wait()
    return code if code >= 0 else 128 - code


def _follow(asked: list[str]) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    asked.append("the parent is gone")


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # the thread that reads standard input is not waited for
