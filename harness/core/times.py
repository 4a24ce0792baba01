"""Ages of runs, in seconds and in words."""

from __future__ import annotations

from datetime import datetime

from harness.core.runs import Run

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def seconds_between(before: str, after: str) -> float:
    """Seconds from one ISO time to another; those without a zone are local."""
    first, last = (datetime.fromisoformat(one).astimezone() for one in (before, after))
    return (last - first).total_seconds()


def age_of(run: Run, moment: str) -> float:
    """Seconds from the end of a run to an ISO time."""
    return seconds_between(run.started, moment) - run.seconds


def spelled(seconds: float) -> str:
    """A length of time in its largest whole unit: 7 days, 1 hour."""
    name, size = next((one for one in _UNITS if seconds >= one[1]), _UNITS[-1])
    count = int(seconds // size)
    return f"{count:,} {name}{'' if count == 1 else 's'}"
