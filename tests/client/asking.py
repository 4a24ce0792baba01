"""One call of a TgiClient against the stub, from a test that is no coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from harness.client.interface import Limits
from harness.client.tgi import TgiClient
from harness.core.samples import Output
from harness.core.suites import Generation
from tests.tgi_stub import ADAPTER, Stub

T = TypeVar("T")
QUICK = Limits(timeout=60.0, attempts=4, first_pause=0.01, longest_pause=0.02, patience=60.0, health=30.0)
ONCE = Limits(timeout=60.0, attempts=1, patience=0.0)
KEY = "secret-key-of-the-server"


def use(stub: Stub, call: Callable[[TgiClient], Awaitable[T]], limits: Limits = QUICK, key: str | None = None) -> T:
    """What the call gives."""

    async def main() -> T:
        async with TgiClient(stub.url, key, 4, limits) as client:
            return await call(client)

    return asyncio.run(main())


def chat(stub: Stub, generation: Generation = Generation(), limits: Limits = QUICK, key: str | None = None) -> Output:  # noqa: B008
    """One chat completion of the adapter; its right answer is "shipping"."""
    messages = [{"role": "user", "content": "a parcel is late: shipping"}]
    return use(stub, lambda client: client.chat("s1", messages, generation, ADAPTER), limits, key)
