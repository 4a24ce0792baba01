"""Work on many items spread over all cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[Sequence[T]], list[R]]

_CHUNK = 250  # short enough that Ctrl-C need not wait long for the chunks in work


def spread(work: Work[T, R], items: Sequence[T], pays_from: float) -> list[R]:
    """`work(items)` by as many processes as there are cores, in the items' order.

    The first two chunks are done here: the first may load packages, the second tells how long the others will take.
    Where that is less than `pays_from` seconds, all are done here. `work` must be picklable, and give one result for
    each item, whichever others stand beside it.
    """
    chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
    done = [work(chunk) for chunk in chunks[:1]]
    clock = time.thread_time()
    done += [work(chunk) for chunk in chunks[1:2]]
    rest = chunks[2:]
    pays = len(rest) * (time.thread_time() - clock) > pays_from and _cores() > 1
    done += _in_processes(work, rest) if pays else map(work, rest)
    return [result for chunk in done for result in chunk]


def _in_processes(work: Work[T, R], chunks: Sequence[Sequence[T]]) -> list[list[R]]:
    # Spawned, not forked: a fork copies locks that other threads hold, and waits for them for ever.
    pool = ProcessPoolExecutor(_cores(), multiprocessing.get_context("spawn"), initializer=_end_with_parent)
    try:
        with _without_interrupts():
            futures = [pool.submit(work, chunk) for chunk in chunks]
        return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes started in here never see Ctrl-C; one pressed meanwhile reaches this process at the end.

    The mask is for the processes, which inherit it. Here it isn't enough: a thread of some library may take the
    signal in this one's place, and a start cut in half leaves a worker that nobody ends.
    """
    pressed: list[int] = []
    here = threading.current_thread() is threading.main_thread()  # the only one that Python interrupts
    handler = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number)) if here else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if here:
            signal.signal(signal.SIGINT, handler)
        if pressed:
            signal.raise_signal(signal.SIGINT)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()
