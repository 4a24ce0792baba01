"""What a pipeline tells whoever watches it. Only `cli` turns these into text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """A step began, moved or ended. `state` is one of begin, move, done, fresh, note.

    `seconds_left` is set where the step knows better than its share of work done.
    """

    step: str
    state: str
    text: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None


Watch = Callable[[Event], None]
