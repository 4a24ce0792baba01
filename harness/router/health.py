"""Which servers get requests: those that answer their health check and did not fail too often in a row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

MISSES = 2  # one check may come while the server is busy


@dataclass(slots=True)
class ServerState:
    """What is known of one server: health checks that it missed in a row, requests that it failed in a row.

    `resting` is the time until which it gets nothing, on the health's clock.
    """

    missed: int = 0
    failures: int = 0
    resting: float | None = None
    probing: bool = False
    in_flight: int = 0


@dataclass(slots=True)
class Health:
    """States by URL. After `eject` failures in a row a server rests for `rest` seconds; then one request at a time
    tries it: an answer brings it back, a failure makes it rest again. No URL is forgotten while it is in the table.
    """

    eject: int
    rest: float
    clock: Callable[[], float] = time.monotonic
    states: dict[str, ServerState] = field(default_factory=dict)

    def keep(self, urls: Iterable[str]) -> None:
        """Forget all servers but these."""
        self.states = {url: self.states.get(url) or ServerState() for url in urls}

    def order(self, urls: Sequence[str]) -> list[str]:
        """Servers that may be asked, the one with the least to do first."""
        usable = [url for url in urls if self._usable(self._state(url))]
        return usable if len(usable) < 2 else sorted(usable, key=lambda url: self._state(url).in_flight)

    def enter(self, url: str) -> ServerState:
        """A request goes to a server; what it gives is for `leave`."""
        state = self._state(url)
        state.in_flight += 1
        state.probing = state.resting is not None
        return state

    def leave(self, state: ServerState, worked: bool | None) -> None:
        """It is over; `worked` None: nothing can be told from it, as the client went."""
        state.in_flight -= 1
        probe, state.probing = state.probing, False
        if worked:
            state.failures, state.resting = 0, None
        elif worked is False:
            state.failures += 1
            if probe or state.failures >= self.eject:
                state.resting = self.clock() + self.rest

    def checked(self, url: str, alive: bool) -> None:
        """What its health check said."""
        state = self._state(url)
        state.missed = 0 if alive else state.missed + 1

    def usable(self, url: str) -> bool:
        """Whether a server may be asked now."""
        return self._usable(self._state(url))

    def as_json(self) -> Mapping[str, object]:
        """All states for people."""
        return {
            url: {"usable": self._usable(state), "alive": state.missed < MISSES, "failures": state.failures,
                  "in_flight": state.in_flight}
            for url, state in self.states.items()
        }  # fmt: skip

    def _state(self, url: str) -> ServerState:
        found = self.states.get(url)
        return found if found else self.states.setdefault(url, ServerState())

    def _usable(self, state: ServerState) -> bool:
        if state.missed >= MISSES:
            return False
        return state.resting is None or (not state.probing and self.clock() >= state.resting)
