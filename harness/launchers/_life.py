"""No process outlives the one that started it."""

from __future__ import annotations

import os
import signal
import threading


def die_with_parent() -> None:
    """Standard input ends when the parent is gone, however it went; then the whole group goes."""
    while os.read(0, 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


def watch_parent() -> None:
    """Do that in the background, from now on."""
    threading.Thread(target=die_with_parent, daemon=True).start()
