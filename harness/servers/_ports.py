"""Ports of this machine: one that is free, and who listens on one that is not."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

from harness.core.errors import OutsideError

LOOPBACK = "127.0.0.1"
_LISTENS = "0A"


def free_port() -> int:
    """A port of loopback that nobody has now."""
    with socket.create_server((LOOPBACK, 0)) as server:
        return int(server.getsockname()[1])


def refuse_taken(port: int, kind: str) -> None:
    """Raises OutsideError where the port that `serve.<kind>.port` names cannot be had; 0 stands for any free one."""
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError as error:
        owner = listener(port)
        by = f" by process {owner} ({_name(owner)})" if owner else f": {error.strerror}"
        raise OutsideError(
            f"port {port} is in use{by}. Stop that, or choose another port (serve.{kind}.port; 0: any free one)."
        ) from None


def listener(port: int) -> int | None:
    """The process that listens on a port; None where there is none, or the system does not tell."""
    links = {f"socket:[{inode}]" for inode in _inodes(port)}
    for entry in Path("/proc").glob("[0-9]*") if links else ():
        try:
            if any(os.readlink(file) in links for file in (entry / "fd").iterdir()):
                return int(entry.name)
        except OSError:  # another user's, or ended meanwhile
            continue
    return None


def _inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, rows):
            if fields[3] == _LISTENS and int(fields[1].rsplit(":", 1)[1], 16) == port:
                yield fields[9]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "ended meanwhile"
