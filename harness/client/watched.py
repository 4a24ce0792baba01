"""A server that dies ends what is being asked of it: within half a second, and not after eight attempts each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from harness.client.interface import RequestFailed
from harness.core.errors import OutsideError

_LOOK = 0.5  # seconds
# A server's sockets close a little before its process has ended.
_LAST_LOOKS, _LAST_LOOK = 4, 0.05


class Watched:
    """Between `begin` and `end`, the task that began is cancelled once `watch` says that the server has died.

    As with asyncio.timeout, cancelling reaches every request of the task's groups, and `end` makes an error of it.
    """

    def __init__(self, watch: Callable[[], str | None] | None) -> None:
        self._watch = watch
        self._died: str | None = None
        self._looking: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Raises OutsideError where the server has died already."""
        if self._watch is None:
            return
        if died := self._watch():
            raise OutsideError(died)
        task = asyncio.current_task()
        assert task is not None
        self._looking = asyncio.create_task(self._look(task))

    async def end(self, error: BaseException | None) -> None:
        """Raises OutsideError where the server died, in place of the `error` that ends the task's work."""
        if self._looking is None:
            return
        self._looking.cancel()
        if self._died is not None:
            await self._take_back(error)
        elif isinstance(error, OutsideError | RequestFailed | BaseExceptionGroup):
            await self._look_again()
        if self._died is not None:
            raise OutsideError(self._died) from None

    async def _look(self, task: asyncio.Task[object]) -> None:
        assert self._watch is not None
        while self._died is None:
            await asyncio.sleep(_LOOK)
            self._died = self._watch()
        task.cancel()

    async def _take_back(self, error: BaseException | None) -> None:
        """The task goes on with an error of ours. Raises CancelledError where somebody else cancelled it, too."""
        task = asyncio.current_task()
        assert task is not None
        if not isinstance(error, asyncio.CancelledError):
            with contextlib.suppress(asyncio.CancelledError):  # still on its way
                await asyncio.sleep(0)
        if task.uncancel() > 0:
            raise asyncio.CancelledError

    async def _look_again(self) -> None:
        assert self._watch is not None
        for _ in range(_LAST_LOOKS):
            self._died = self._watch()
            if self._died is not None:
                return
            await asyncio.sleep(_LAST_LOOK)
