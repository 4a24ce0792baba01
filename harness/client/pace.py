"""How many requests are in flight: as many as declared, fewer while the server turns some away because it is full."""

from __future__ import annotations

import asyncio
from collections import deque


class Pace:
    """Slots for requests, given out in the order they are asked for: halved by a refusal, one more after each `limit`
    successes (additive increase, multiplicative decrease), never above `most` nor below 1.

    A server that is full refuses many requests at once. Those were all sent under the same limit, so together they
    halve it once: `enter` gives the round in which a request is sent, and each round halves one time at most.
    """

    def __init__(self, most: int) -> None:
        self.most = self.limit = most
        self.in_flight = 0
        self._round = self._successes = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._wants_alone: deque[asyncio.Future[None]] = deque()
        self._is_alone = False

    async def enter(self) -> int:
        """Wait for a slot, and take it. Returns the round, for `turned_away`."""
        if self.in_flight < self.limit and not self._is_alone and not self._wants_alone:
            self.in_flight += 1
            return self._round
        return await self._wait_in(self._waiting)

    async def enter_alone(self) -> int:
        """Wait until nothing is in flight, and take the only slot: nobody else gets one until it is left."""
        if not self.in_flight and not self._wants_alone:
            self.in_flight, self._is_alone = 1, True
            return self._round
        return await self._wait_in(self._wants_alone)

    async def _wait_in(self, queue: deque[asyncio.Future[None]]) -> int:
        waiter = asyncio.get_running_loop().create_future()
        queue.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():  # the slot came in the moment of the cancellation
                self.leave()
            else:
                self._admit()
            raise
        return self._round

    def leave(self) -> None:
        """Give the slot back."""
        self.in_flight -= 1
        self._is_alone = False
        self._admit()

    def succeeded(self) -> None:
        """A request got its answer."""
        self._successes += 1
        if self._successes >= self.limit and self.limit < self.most:
            self.limit, self._successes = self.limit + 1, 0
            self._admit()

    def turned_away(self, sent_in: int) -> None:
        """A request sent in that round was refused because the server is full."""
        if sent_in == self._round:
            self.limit, self._successes = max(1, self.limit // 2), 0
            self._round += 1

    def _admit(self) -> None:
        while self._wants_alone and self._wants_alone[0].done():
            self._wants_alone.popleft()
        if self._is_alone or self._wants_alone:
            if not self.in_flight:
                self.in_flight, self._is_alone = 1, True
                self._wants_alone.popleft().set_result(None)
            return
        while self._waiting and self.in_flight < self.limit:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self.in_flight += 1
                waiter.set_result(None)
