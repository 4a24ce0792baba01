"""What all runs of one command share: a server, the time they may take, and the cache."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.base_models.ends import end_tokens
from harness.client.interface import Client, Limits
from harness.core.events import Watch
from harness.core.releases import Release
from harness.core.runs import Model
from harness.servers.interface import Endpoint
from harness.store.cache import Cache


@dataclass(frozen=True, slots=True)
class Session:
    """A server that is up, and how it is asked.

    `deadline` is a time.monotonic(); `cache` None: nothing is kept. `base` is the folder of the base model, where
    the server has one of ours.
    """

    release: Release
    endpoint: Endpoint
    watch: Watch
    concurrency: int
    deadline: float | None = None
    cache: Cache | None = None
    base: Path | None = None

    @property
    def limits(self) -> Limits:
        """The release's bounds on requests."""
        return Limits(timeout=self.release.serve.timeout, deadline=self.deadline, watch=self.endpoint.watch)

    def connect(self, limits: Limits | None = None) -> Client:
        """A client that speaks the server's API; by default under the release's own limits."""
        endpoint, limits = self.endpoint, limits or self.limits
        if endpoint.api == "openai":
            from harness.client.openai_api import OpenaiClient

            return OpenaiClient(
                endpoint.url, endpoint.base or "", endpoint.key, self.concurrency, limits, endpoint.max_tokens_key,
                prefill_alone=bool(endpoint.adapters) or endpoint.watch is None, omit=endpoint.omit,
            )  # fmt: skip
        from harness.client.tgi import TgiClient

        # The embedded server says by itself how an answer ended.
        ends = end_tokens(self.base) if self.base and self.release.serve.kind != "local" else ()
        return TgiClient(endpoint.url, endpoint.key, self.concurrency, limits, ends)

    def at(self, model: Model) -> Session:
        """The session at the server that answers for a model: its own, where it is merged into one."""
        own = self.endpoint.merged.get(model.adapter_digest or "")
        return replace(self, endpoint=own) if own else self

    def first_attempts(self) -> Client:
        """A client that tries once and takes no for an answer: what a measurement counts."""
        return self.connect(replace(self.limits, attempts=1, patience=0.0))

    def adapter(self, model: Model) -> str | None:
        """What the server calls the model's adapter; None where that is the base, or has no name there."""
        return self.endpoint.adapters.get(model.adapter_digest) if model.adapter_digest else None


def deadline_of(release: Release, clock: Callable[[], float] = time.monotonic) -> float | None:
    """When the requests of a command that starts now must be over."""
    return clock() + release.serve.deadline if release.serve.deadline else None
