"""Events as progress bars on a terminal, and as a line now and then elsewhere (CI logs)."""

from __future__ import annotations

import os
import sys
import threading
import time
from types import TracebackType
from typing import Any, Self, TextIO

from harness.core.events import Event

SILENCE_SECONDS = 20.0
BEAT_SECONDS = 1.0


class ProgressPrinter:
    """Watches a pipeline. Everything goes to standard error: standard output is for results."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._started: dict[str, float] = {}
        self._spoke = time.monotonic()
        self._running: list[str] = []
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._terminal = sys.stderr.isatty()
        # A copy of its own: while a library runs in this process, standard error goes to that library's log.
        self._out = _copy(sys.stderr)

    def __enter__(self) -> Self:
        if not self._quiet:
            threading.Thread(target=self._beat, name="progress", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with self._lock:
            self._close()
            if self._out is not sys.stderr:
                self._out.close()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if not self._quiet:
            with self._lock:
                self._show(event)

    def _beat(self) -> None:
        """Some steps have nothing to count, such as loading a library: say that they go on."""
        while not self._ended.wait(BEAT_SECONDS):
            with self._lock:
                silent = time.monotonic() - self._spoke > 1.5 * SILENCE_SECONDS  # what counts speaks before
                if self._running and not self._ended.is_set() and silent:
                    step = self._running[-1]
                    self._line("·", step, f"still running after {_time(time.monotonic() - self._started[step])}")

    def _show(self, event: Event) -> None:
        if event.state == "move":
            self._move(event)
            return
        self._close()
        if event.state == "begin":
            self._started[event.step] = time.monotonic()
            self._running.append(event.step)
            self._line("…", event.step, f"{event.text}{self._left(event)}")
        elif event.state == "done":
            self._running = [step for step in self._running if step != event.step]
            seconds = time.monotonic() - self._started.get(event.step, time.monotonic())
            self._line("✓", event.step, f"{event.text} ({_time(seconds)})")
        elif event.state == "fresh":
            self._running = [step for step in self._running if step != event.step]
            self._line("=", event.step, f"{event.text} (done before)")
        else:
            self._line("·", event.step, event.text)

    def _move(self, event: Event) -> None:
        if not self._terminal:
            if time.monotonic() - self._spoke > SILENCE_SECONDS:
                count = f"{event.done}/{event.total} " if event.total else ""
                self._line("·", event.step, f"{count}{event.text}{self._left(event)}")
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=event.total or None, file=self._out, leave=False, dynamic_ncols=True, unit="")
        self._spoke = time.monotonic()
        self._bar.total = event.total or None
        self._bar.set_description_str(f"  {event.step} · {event.text}", refresh=False)
        self._bar.n = event.done
        self._bar.refresh()

    def _left(self, event: Event) -> str:
        if event.seconds_left is not None:
            return f", about {_time(event.seconds_left)} left"
        since = time.monotonic() - self._started.get(event.step, time.monotonic())
        if not event.done or not event.total or since < 1:
            return ""
        return f", about {_time(since * (event.total - event.done) / event.done)} left"

    def _line(self, mark: str, step: str, text: str) -> None:
        self._spoke = time.monotonic()
        print(f"{mark} {step:<22} {text}".rstrip(), file=self._out, flush=True)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _copy(stream: TextIO) -> TextIO:
    """The stream under a descriptor of its own; the stream itself where it has none."""
    try:
        return os.fdopen(os.dup(stream.fileno()), "w", encoding="utf-8")
    except (OSError, ValueError):
        return stream


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"
