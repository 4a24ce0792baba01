"""Work on batches of texts in a process beside this one, where there are enough of them for it to pay."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from harness.core.errors import OutsideError
from harness.metrics._processes import _cores, _end_with_parent, _without_interrupts

HERE = 100_000  # texts that are done before a process is started
_WAITING = 4  # batches that may wait for it

Work = Callable[[list[str]], bytes]


class Aside:
    """`work` on every batch, the results in the batches' order. It must be a function of a module."""

    def __init__(self, work: Work) -> None:
        self._work, self._seen = work, 0
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: deque[Future[bytes]] = deque()
        self._done = bytearray()

    def add(self, texts: list[str]) -> None:
        """Take in a batch. Raises OutsideError where the process was killed."""
        self._seen += len(texts)
        if self._seen <= HERE or _cores() < 2:
            self._done += self._work(texts)
            return
        if self._pool is None:
            # Spawned, not forked: a fork copies locks that other threads hold, and waits for them for ever.
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_end_with_parent)
        with _told(), _without_interrupts():
            self._waiting.append(self._pool.submit(self._work, texts))
        if len(self._waiting) > _WAITING:
            self._take()

    def results(self) -> bytes:
        """All results, one after another; the process ends. Raises OutsideError where it was killed."""
        while self._waiting:
            self._take()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        return bytes(self._done)

    def _take(self) -> None:
        with _told():
            self._done += self._waiting.popleft().result()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise OutsideError("a process that looked at the rows was killed, perhaps for want of memory.") from error
