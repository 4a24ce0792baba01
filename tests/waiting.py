"""Waiting that a busy machine does not break: what is waited for has to come, and the limit only says "never"."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

# Under the 120 s after which pytest ends a test, and far over what a busy machine takes.
NEVER = 90.0


def until(holds: Callable[[], Any], seconds: float = NEVER, every: float = 0.02) -> Any:
    """The first true value of `holds`, asked again and again. Fails where none comes within `seconds`."""
    end = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < end, f"it did not come true within {seconds:g} s"
        time.sleep(every)
    return value


def restore_ctrl_c() -> None:
    """Let Ctrl-C end this process and its children: a shell starts background jobs with SIGINT ignored.

    An ignored signal stays so in all children, whereas a handled one is theirs to handle again.
    """
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
