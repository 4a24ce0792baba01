"""Whether a request that failed is sent again, and when."""

from __future__ import annotations

import random

from harness.client.interface import Limits

# The server is there, and full.
_FULL = frozenset({429, 503})


class Again(Exception):
    """A failure that another attempt may mend.

    `seconds` is the time that the attempt took; `wait` is how long the server asks to be left alone (Retry-After).
    """

    def __init__(self, reason: str, status: int | None = None, seconds: float = 0.0, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.status, self.seconds, self.wait = status, seconds, wait

    @property
    def is_full(self) -> bool:
        """Whether the server turned the request away before it began."""
        return self.status in _FULL


class Tries:
    """The attempts of one request.

    Pauses have full jitter (uniform from 0 to a bound that doubles), so that requests which failed together do not
    come back together. A full server uses up `patience` by the pauses and by the time it takes to refuse; the time in
    which a request waits for its slot here is not the server's.
    """

    def __init__(self, limits: Limits) -> None:
        self.sent = 0
        self._limits, self._patience, self._failed = limits, limits.patience, 0

    def pause(self, failure: Again) -> float | None:
        """Seconds until the next attempt; None where there is to be none."""
        if not failure.is_full:
            self._failed += 1
            if self._failed >= self._limits.attempts:
                return None
            return min(self._wait(failure), max(self._limits.patience, self._limits.longest_pause))
        self._patience -= failure.seconds
        if self._patience <= 0:
            return None
        pause = min(self._wait(failure), self._patience)
        self._patience -= pause
        return pause

    def _wait(self, failure: Again) -> float:
        doubled = self._limits.first_pause * 2.0 ** min(self.sent - 1, 30)
        return max(failure.wait, random.uniform(0, min(self._limits.longest_pause, doubled)))
