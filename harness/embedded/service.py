"""Between HTTP and the scheduler: permits, events, times, cancellation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager

from .batcher import Batcher
from .errors import ApiError, overloaded
from .grouping import Limits
from .jobs import Event, Job, Result, Step
from .metrics import Metrics
from .text import Text
from .validation import Validator


class Service:
    """All that a route needs. Belongs to one event loop."""

    def __init__(self, text: Text, validator: Validator, batcher: Batcher, metrics: Metrics, limits: Limits) -> None:
        self.text, self.validator, self.batcher, self.metrics = text, validator, batcher, metrics
        self._free = limits.concurrent_requests

    @contextmanager
    def request(self) -> Iterator[None]:
        """Hold one permit. Raises ApiError (429) when none is free; counts success and failure by kind."""
        self.metrics.count("tgi_request_count")
        if self._free <= 0:
            self.metrics.count("tgi_request_failure", 'err="overloaded"')
            raise overloaded()
        self._free -= 1
        try:
            yield
        except ApiError as error:
            kind = {"template_error": "template"}.get(error.error_type, error.error_type)
            self.metrics.count("tgi_request_failure", f'err="{kind}"')
            raise
        except (asyncio.CancelledError, GeneratorExit):
            self.metrics.count("tgi_request_failure", 'err="incomplete"')
            raise
        else:
            self.metrics.count("tgi_request_success")
        finally:
            self._free += 1

    def validated(self, began: float) -> float:
        """Seconds since `began` (time.monotonic), recorded as the time that validation took."""
        duration = time.monotonic() - began
        self.metrics.observe("tgi_request_validation_duration", duration)
        return duration

    async def events(self, job: Job) -> AsyncGenerator[Step | Result, None]:
        """Steps where the job streams, then its Result. Raises ApiError. Closing it frees the job's slot."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Event] = asyncio.Queue()
        began = time.monotonic()
        row = self.batcher.submit(job, lambda event: _post(loop, queue, event))
        try:
            while True:
                event = await queue.get()
                if isinstance(event, ApiError):
                    raise event
                if isinstance(event, Result):
                    self._observe(job, event, time.monotonic() - began)
                yield event
                if isinstance(event, Result):
                    return
        finally:
            row.cancel()

    async def result(self, job: Job) -> Result:
        """Wait for the Result. Raises ApiError; being cancelled frees the job's slot."""
        async with aclosing(self.events(job)) as events:
            async for event in events:
                if isinstance(event, Result):
                    return event
        raise AssertionError("the scheduler ended a request without a result")

    def _observe(self, job: Job, result: Result, duration: float) -> None:
        values = {
            "duration": duration,
            "queue_duration": result.queue_time,
            "inference_duration": result.inference_time,
            "mean_time_per_token_duration": result.inference_time / len(result.steps),
            "input_length": len(job.prompt),
            "generated_tokens": len(result.steps),
            "max_new_tokens": job.max_new_tokens,
        }
        for name, value in values.items():
            self.metrics.observe(f"tgi_request_{name}", value)


def _post(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Event], event: Event) -> None:
    loop.call_soon_threadsafe(queue.put_nowait, event)
