"""The scheduler: one thread that owns the engine and batches requests between forward passes.

Waiting requests are prefilled in groups and join the running batch; finished ones leave it at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from .engine import Engine
from .errors import generation_failed
from .grouping import Limits, choose_group
from .jobs import Job, Sink
from .kv import Batch
from .metrics import Metrics
from .row import Row
from .sampling import choose
from .text import Text

log = logging.getLogger(__name__)

_JOIN_SHARE = 0.2
_JOIN_STEPS = 4
"""A prefill halts the running rows, and a second one soon after halts them again: newcomers wait until they
are this share of the running rows, or for this many steps."""


class Batcher:
    """`submit` and `close` may be called from any thread."""

    def __init__(self, engine: Engine, text: Text, eos_ids: frozenset[int], limits: Limits, metrics: Metrics) -> None:
        self._engine, self._text, self._eos_ids = engine, text, eos_ids
        self._limits, self._metrics = limits, metrics
        self._wake = threading.Condition()
        self._waiting: list[Row] = []
        self._running: list[Row] = []
        self._batch: Batch | None = None
        self._steps_waited = 0
        self._entering: list[Row] = []
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="batcher", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def submit(self, job: Job, sink: Sink) -> Row:
        """Queue a job; `sink` gets its events, the last of which is a Result or an ApiError."""
        row = Row(job, sink, self._text, self._eos_ids)
        with self._wake:
            if self._closed or not self.alive:
                row.fail(generation_failed("the server is shutting down"))
            else:
                self._waiting.append(row)
                self._wake.notify()
        return row

    def close(self) -> None:
        """Take no more jobs and fail all there are, at once: the pass that is running is not waited for."""
        with self._wake:
            self._closed = True
            for row in self._waiting + self._entering + self._running:
                row.fail(generation_failed("the server is shutting down"))
                row.cancel()
            self._wake.notify()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _loop(self) -> None:
        while self._wait_for_work():
            self._admit(self._take_group())
            self._guarded(self._running, self._decode, tears=True)
            self._metrics.set("tgi_queue_size", len(self._waiting))
            self._metrics.set("tgi_batch_current_size", len(self._running))
            widest = max((row.need.total for row in self._running), default=0)
            self._metrics.set("tgi_batch_current_max_tokens", widest * len(self._running))

    def _wait_for_work(self) -> bool:
        """Sleep until there is something to run. False once closed with nothing left."""
        with self._wake:
            while not (self._waiting or self._running):
                if self._closed:
                    return False
                self._wake.wait()
        self._keep([row for row in self._running if not row.cancelled])
        return True

    def _take_group(self) -> list[Row]:
        with self._wake:
            self._waiting = [row for row in self._waiting if not row.cancelled]
            ripe = len(self._waiting) >= _JOIN_SHARE * len(self._running) or self._steps_waited >= _JOIN_STEPS
            if not self._waiting or not ripe:
                self._steps_waited += bool(self._waiting)
                return []
            needs = [row.need for row in self._waiting]
            chosen = choose_group(needs, [row.need for row in self._running], self._limits)
            group = [self._waiting[index] for index in chosen]
            self._waiting = [row for index, row in enumerate(self._waiting) if index not in set(chosen)]
            self._steps_waited = 0
            self._entering = group
        return group

    def _guarded(self, rows: list[Row], work: Callable[[], None], tears: bool) -> None:
        """A failed pass fails the requests in it. `tears`: it may leave the running batch half changed."""
        if not rows:
            return
        try:
            work()
        except Exception as error:
            log.exception("forward pass failed")
            self._fail(rows, f"{type(error).__name__}: {error}")
            if tears:
                self._running, self._batch = [], None

    def _admit(self, group: list[Row]) -> None:
        """Prefill a group, then let those of its rows that go on join the running batch."""
        joining: list[tuple[Batch, list[Row]]] = []
        self._guarded(group, lambda: joining.extend(self._prefill(group)), tears=False)
        for batch, rows in joining:
            self._guarded(self._running + rows, lambda b=batch, r=rows: self._join(b, r), tears=True)  # type: ignore[misc]

    def _prefill(self, group: list[Row]) -> list[tuple[Batch, list[Row]]]:
        began = time.monotonic()
        for row in group:
            row.started = began
        done = self._engine.prefill(
            [row.job.prompt for row in group],
            [row.job.adapter for row in group],
            [row.job.prefill_details for row in group],
            keep_cache=any(row.job.max_new_tokens > 1 for row in group),
        )
        for row, scores in zip(group, done.scores, strict=True):
            row.prefill = scores
        choices = choose(done.logits, [row.sampler for row in group])
        done_rows = [row.accept(choice) for row, choice in zip(group, choices, strict=True)]
        going = [index for index, ended in enumerate(done_rows) if not ended]
        self._metrics.batch("prefill", time.monotonic() - began)
        if done.batch is None or not going:
            return []
        if len(going) < len(group):
            done.batch.keep(going)
        return [(done.batch, [group[index] for index in going])]

    def _join(self, batch: Batch, rows: list[Row]) -> None:
        if self._batch is None:
            self._batch = batch
        else:
            self._batch.join(batch)
        self._running = self._running + rows

    def _decode(self) -> None:
        began = time.monotonic()
        assert self._batch is not None
        logits = self._engine.step(self._batch, [row.last_token for row in self._running])
        choices = choose(logits, [row.sampler for row in self._running])
        pairs = zip(self._running, choices, strict=True)
        self._keep([row for row, choice in pairs if not row.accept(choice)])
        self._metrics.batch("decode", time.monotonic() - began)

    def _keep(self, rows: list[Row]) -> None:
        if len(rows) == len(self._running):
            return
        if rows and self._batch is not None:
            kept = set(map(id, rows))
            self._batch.keep([index for index, row in enumerate(self._running) if id(row) in kept])
        else:
            self._batch = None
        self._running = rows

    @staticmethod
    def _fail(rows: list[Row], message: str) -> None:
        for row in rows:
            row.fail(generation_failed(message))
