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

    async def enter(self) -> int:
        """Wait for a slot, and take it. Returns the round, for `turned_away`."""
        if self.in_flight < self.limit:
            self.in_flight += 1
            return self._round
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():  # the slot came in the moment of the cancellation
                self.leave()
            raise
        return self._round

    def leave(self) -> None:
        """Give the slot back."""
        self.in_flight -= 1
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
        while self._waiting and self.in_flight < self.limit:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self.in_flight += 1
                waiter.set_result(None)
