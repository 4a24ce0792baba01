"""The router's log of one step, counted. It keeps counts, and for each user a few numbers, never the lines."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from harness.core.canaries import SideCounts
from harness.core.errors import OutsideError
from harness.core.versions import CANARY, PRODUCTION
from harness.pipeline.canary.step import Step
from harness.stats.streams import Tally

# Requests of one user within so long are one session; one request of the first session stands for the user.
SESSION_SECONDS = 600.0
# Times are kept to a thousandth of themselves, so that there are few distinct ones.
_PER_E = 1000
_SHORTEST = 1e-6

_SIDES = frozenset({CANARY, PRODUCTION})
_TEXT, _WHOLE, _TRUTH = (frozenset({kind, type(None)}) for kind in (str, int, bool))

# Failed, time in steps of a thousandth, length of the answer, whether it is of the form.
_Unit = tuple[bool, int, int | None, bool | None]


@dataclass(slots=True)
class Seen:
    """What was seen of one side."""

    n: int = 0
    failed: int = 0
    times: Counter[int] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    formed: Counter[bool | None] = field(default_factory=Counter)
    cancelled: int = 0
    refused: int = 0
    waiting: int = 0
    later: int = 0

    def add(self, unit: _Unit) -> None:
        """Count a request."""
        failed, time, length, formed = unit
        self.n += 1
        if failed:
            self.failed += 1
            return
        self.times[time] += 1
        if length is not None:
            self.lengths[length] += 1
        self.formed[formed] += 1

    @property
    def seconds(self) -> Tally:
        """Times in seconds; a failed request's is longer than all."""
        steps = sorted(self.times)
        values = np.exp((np.array(steps, dtype=np.float64) + 0.5) / _PER_E)
        counts = np.array([self.times[step] for step in steps], dtype=np.int64)
        if not self.failed:
            return Tally(values, counts)
        return Tally(np.append(values, np.inf), np.append(counts, self.failed))

    @property
    def characters(self) -> Tally:
        """Lengths of the answers that came."""
        values = sorted(self.lengths)
        return Tally(
            np.array(values, dtype=np.float64), np.array([self.lengths[one] for one in values], dtype=np.int64)
        )

    @property
    def counts(self) -> SideCounts:
        """How many requests count, and how many do not, and why."""
        unchecked = self.formed[None]
        return SideCounts(self.n, self.failed, self.cancelled, self.refused, self.waiting, self.later, unchecked)


@dataclass(slots=True)
class Traffic:
    """Both sides of a step. `torn` lines were never written whole; `by_user`: some requests tell whose they are."""

    sides: dict[str, Seen] = field(default_factory=lambda: {CANARY: Seen(), PRODUCTION: Seen()})
    torn: int = 0
    by_user: bool = False


@dataclass(slots=True)
class _User:
    """The first session of a user: when it began, its requests so far, and the one that is drawn."""

    began: float
    drawn: _Unit
    requests: int = 1


def traffic_of(folders: Iterable[Path], step: Step, until: float) -> Traffic:
    """Count the requests that came since the step began and before `until` (seconds since 1970).

    They belong to the version that was asked, whoever answered. Raises OutsideError for a line that is none.
    """
    found, users = Traffic(), dict[tuple[str, str], _User]()
    asked = {step.canary.name: CANARY, step.production.name: PRODUCTION}
    for line in (line for folder in folders for line in _lines(folder, step.since, found)):
        side = asked.get(line.get("fallback_from") or line["version"])
        if line["time"] < step.since or side is None or side != line["side"]:
            continue
        seen, fault, status = found.sides[side], line.get("fault"), line["status"]
        who = line.get("who")
        found.by_user |= who is not None
        if line["time"] >= until:
            seen.waiting += 1
        elif fault is None and status == 499:
            seen.cancelled += 1
        elif fault is None and 400 <= status < 500:
            seen.refused += 1
        elif who is None:
            seen.add(_unit(line))
        else:
            _to_session(users, (side, who), line)
    for (side, _), user in users.items():
        _close(found.sides[side], user, until)
    return found


def _to_session(users: dict[tuple[str, str], _User], key: tuple[str, str], line: Mapping[str, Any]) -> None:
    """Of a session of n requests each is drawn with the same chance, and the same one every time it is read."""
    user = users.get(key)
    if user is None:
        users[key] = _User(line["time"], _unit(line))
    elif abs(line["time"] - user.began) < SESSION_SECONDS:
        user.requests += 1
        place = blake2b(f"{key[1]}/{user.requests}".encode(), digest_size=8).digest()
        if int.from_bytes(place) % user.requests == 0:
            user.drawn = _unit(line)


def _close(seen: Seen, user: _User, until: float) -> None:
    if user.began + SESSION_SECONDS > until:
        seen.waiting += user.requests
        return
    seen.add(user.drawn)
    seen.later += user.requests - 1


def _unit(line: Mapping[str, Any]) -> _Unit:
    failed = line.get("fault") is not None or line["status"] >= 500
    return failed, math.floor(math.log(max(line["seconds"], _SHORTEST)) * _PER_E), line.get("chars"), line.get("formed")


def _lines(folder: Path, since: float, found: Traffic) -> Iterator[dict[str, Any]]:
    first_day = datetime.fromtimestamp(since, UTC).date().isoformat()
    for path in sorted(folder.glob("????-??-??.jsonl")):
        if path.stem < first_day:
            continue
        with path.open("rb") as file:
            for number, data in enumerate(file, 1):
                line = _read(data)
                if line is not None:
                    yield line
                elif data.rstrip().endswith(b"}"):
                    raise OutsideError(f"{path}:{number}: this is no line of the router's log; it was changed by hand. "
                                       "Put it back as it was, or begin the step again.")  # fmt: skip
                elif data.strip():
                    found.torn += 1


def _read(data: bytes) -> dict[str, Any] | None:
    """A line's value; None for what is none."""
    try:
        line: dict[str, Any] = orjson.loads(data)
        told = line.get
        whole = (
            line["side"] in _SIDES
            and type(line["status"]) is int
            and type(line["version"]) is str
            and 0 <= line["time"] < 1e11
            and 0 <= line["seconds"] < 1e9
            and type(told("chars")) in _WHOLE
            and type(told("formed")) in _TRUTH
            and type(told("fault")) in _TEXT
            and type(told("fallback_from")) in _TEXT
            and type(told("who")) in _TEXT
        )
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    return line if whole and (told("chars") or 0) >= 0 else None
