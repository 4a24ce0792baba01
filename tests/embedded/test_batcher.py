"""The scheduler with the real engine: failures stay with the requests that met them."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from harness.embedded.batcher import Batcher
from harness.embedded.engine import Engine, Prefilled
from harness.embedded.errors import ApiError
from harness.embedded.grouping import Limits
from harness.embedded.jobs import Event, Job, Result, Step
from harness.embedded.kv import Batch
from harness.embedded.loading import Loaded, load
from harness.embedded.metrics import Metrics

from .conftest import Folders

CURSED = 13


class BreakingEngine(Engine):
    """Fails as a machine out of memory would: on prompts, or on tokens, that are cursed."""

    def prefill(self, prompts: Sequence[Sequence[int]], *args: Any, **kwargs: Any) -> Prefilled:
        if any(prompt[0] == CURSED for prompt in prompts):
            raise MemoryError("no room for this prompt")
        return super().prefill(prompts, *args, **kwargs)

    def step(self, batch: Batch, tokens: Sequence[int]) -> Any:
        if batch.mask.shape[1] > 100:
            raise MemoryError("no room for this step")
        return super().step(batch, tokens)


@pytest.fixture(scope="module")
def loaded(folders: Folders) -> Loaded:
    return load(folders.base, {}, "float32", "cpu")


@pytest.fixture
def batcher(loaded: Loaded) -> Iterator[Batcher]:
    made = Batcher(BreakingEngine(loaded.model, loaded.pad_id), loaded.text, frozenset(), Limits(), Metrics())
    yield made
    made.close()
    made.join(10)
    assert not made.alive


def submit(batcher: Batcher, job: Job) -> queue.Queue[Event]:
    events: queue.Queue[Event] = queue.Queue()
    batcher.submit(job, events.put)
    return events


def test_a_failed_prompt_fails_alone(batcher: Batcher) -> None:
    good = submit(batcher, Job((5, 6), 40, stream=True))
    assert isinstance(good.get(timeout=60), Step)
    bad = submit(batcher, Job((CURSED,), 3)).get(timeout=60)
    assert isinstance(bad, ApiError)
    assert (bad.status, bad.error_type) == (424, "generation")
    while isinstance(event := good.get(timeout=60), Step):
        pass
    assert isinstance(event, Result)
    assert len(event.steps) == 40


def test_a_failed_step_fails_what_runs_and_the_server_lives_on(batcher: Batcher) -> None:
    assert isinstance(submit(batcher, Job((5, 6), 150)).get(timeout=60), ApiError)
    assert isinstance(submit(batcher, Job((5, 6), 3)).get(timeout=60), Result)


def test_a_cancelled_row_sends_nothing_more(batcher: Batcher) -> None:
    events: queue.Queue[Event] = queue.Queue()
    row = batcher.submit(Job((5, 6), 90, stream=True), events.put)
    events.get(timeout=60)
    row.cancel()
    seen = events.qsize()
    assert isinstance(submit(batcher, Job((7,), 3)).get(timeout=60), Result)
    assert events.qsize() <= seen + 1
    while not events.empty():
        assert isinstance(events.get(), Step)


def test_after_close_jobs_are_refused(batcher: Batcher) -> None:
    batcher.close()
    assert isinstance(submit(batcher, Job((5,), 1)).get(timeout=60), ApiError)


def test_close_fails_what_runs_and_what_waits_at_once(batcher: Batcher) -> None:
    running = submit(batcher, Job((5, 6), 90, stream=True))
    running.get(timeout=60)
    others = [submit(batcher, Job((7,), 90)) for _ in range(40)]
    batcher.close()
    for events in (running, *others):
        last = [events.get_nowait() for _ in range(events.qsize())][-1]
        assert isinstance(last, ApiError)
        assert "shutting down" in str(last)


def test_scoring_needs_one_pass_only(batcher: Batcher) -> None:
    result = submit(batcher, Job((5, 6, 7), 1, prefill_details=True)).get(timeout=60)
    assert isinstance(result, Result)
    assert result.prefill is not None
    assert len(result.prefill.logprobs) == len(result.prefill.ranks) == 2
