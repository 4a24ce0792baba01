"""Processor time, which a busy machine changes little, where the clock on the wall would tell of its neighbours."""

from __future__ import annotations

import os
import sys
from pathlib import Path

USER = 11  # of /proc/PID/stat after the name: user, system, and both of the children that were waited for


def cpu_seconds() -> float:
    """The seconds of processor time that this process and all that it started have taken so far.

    Children that were waited for count, and so do those that still run, with their own. Children that ended unseen are
    missing, so a difference of two readings is a lower bound. Elsewhere than on Linux, running children are missing.
    """
    if sys.platform != "linux":
        return sum(os.times()[:4])
    total, waiting = 0, [os.getpid()]
    while waiting:
        process = Path("/proc") / str(waiting.pop())
        try:
            fields = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            total += sum(map(int, fields[USER : USER + 4]))
            waiting += [int(pid) for task in (process / "task").iterdir() for pid in _children(task)]
        except OSError:
            continue  # it ended meanwhile
    return total / os.sysconf("SC_CLK_TCK")


def _children(task: Path) -> list[str]:
    try:
        return (task / "children").read_text(encoding="ascii").split()
    except OSError:
        return []
