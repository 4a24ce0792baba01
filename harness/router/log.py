"""What the router notes of each request, for `harness canary`, for drift and for review.

`traffic/2026-01-31.jsonl` has a line for each request (`Seen.as_json`), named by the day in UTC, and no texts. Of a
share of the requests the texts are kept in `requests/`, redacted and readable by the owner alone (`Texts`).
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, Self

import orjson

from harness.core.samples import Json
from harness.core.secrets import masked, masked_json

REDACTED = "[redacted]"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that asked for an answer.

    `time` is when it came (seconds since 1970). `side` is the one it was meant for (production, canary), `version`
    the one that answered ("": none), `fallback_from` the one that should have and did not (None: it did), `fault` why:
    connect, closed, timeout, garbage, generation, resting (it got no requests), cut (a stream that was not ended) or
    its HTTP status. So a canary has failed a request where `side` is canary and `fault` is set, whoever answered then.
    `status` is what the client got; 499: it went before the end, which is nobody's fault (where it went before the
    first byte, nobody answered, and `fallback_from` tells whom it had waited for).

    `seconds` until the end and `first` until the first byte for the client; `chars` of the answer's text. `formed`:
    the text is of the form that the canary's rule wants (None: no rule, or no text). `who` is a salted hash of the
    header that is sticky. None elsewhere: not told.
    """

    time: float
    side: str
    version: str
    status: int
    seconds: float
    first: float | None = None
    path: str = ""
    streamed: bool = False
    prompt_tokens: int | None = None
    generated_tokens: int | None = None
    chars: int | None = None
    finish_reason: str | None = None
    formed: bool | None = None
    fallback_from: str | None = None
    fault: str | None = None
    generation: int = 0
    who: str | None = None

    def as_json(self) -> dict[str, Json]:
        """The line's value."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From a line's value; keys of a later version are left out. Raises TypeError where one is missing."""
        return cls(**{name: value[name] for name in _NAMES if name in value})


_NAMES = tuple(field.name for field in fields(Seen))


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one request: the client's body and the answer's text (None: there was none)."""

    seen: Seen
    body: Json
    answer: str | None


def seen_in(folder: Path, since: float = 0.0) -> Iterator[Seen]:
    """The requests in a folder of traffic that came at `since` or later, oldest file first. A torn line is none."""
    first_day = _day(since) if since else ""
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem < first_day:
            continue
        with path.open("rb") as file:
            for line in file:
                try:
                    seen = Seen.from_json(orjson.loads(line))
                except (ValueError, TypeError):
                    continue
                if seen.time >= since:
                    yield seen


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is blacked out in texts: what matches, and whatever looks like a key."""

    patterns: tuple[re.Pattern[str], ...] = ()

    def text(self, text: str) -> str:
        """A text without what is private."""
        for pattern in self.patterns:
            text = pattern.sub(REDACTED, text)
        return masked(text)

    def value(self, value: Json) -> Json:
        """A value of JSON with all its texts redacted."""
        return masked_json(self._deep(value))

    def _deep(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._deep(one) for key, one in value.items()}
        return [self._deep(one) for one in value] if isinstance(value, list | tuple) else value


class TrafficLog:
    """Gathers in memory, writes where `flush` says, at most a second later. Any thread may flush."""

    def __init__(
        self, traffic: Path, requests: Path, redaction: Redaction, keep: float, salt: bytes | None = None
    ) -> None:
        self._traffic, self._requests = traffic, requests
        self._redaction, self._keep = redaction, keep
        self._salt = salt or secrets.token_bytes(16)
        self._seen: list[Seen] = []
        self._texts: list[Texts] = []
        self._begun: dict[Path, str] = {}
        self._writing = Lock()
        self.lost = 0

    def who(self, name: bytes | None) -> str | None:
        """The same 16 hex digits for the same name, which can't be found from them without the salt."""
        return None if name is None else blake2b(name, key=self._salt, digest_size=8).hexdigest()

    def note(self, seen: Seen, texts: Texts | None = None) -> None:
        """One request is over."""
        self._seen.append(seen)
        if texts:
            self._texts.append(texts)

    def flush(self) -> str | None:
        """Write what was gathered, and remove files that are too old. Gives what the disk said where it refused;
        those lines are lost, and counted in `lost`. What another thread is writing is written too when this ends."""
        with self._writing:
            return self._flush()

    def _flush(self) -> str | None:
        seen, self._seen = self._seen, []
        texts, self._texts = self._texts, []
        refused = None
        for folder, lines in ((self._traffic, [self._line(one) for one in seen]), (self._requests, self._shown(texts))):
            try:
                self._append(folder, lines)
            except OSError as error:
                self.lost += len(lines)
                refused = f"{folder}: {error.strerror}"
        return refused

    def _line(self, seen: Seen) -> tuple[str, bytes]:
        return _day(seen.time), orjson.dumps(seen, option=orjson.OPT_APPEND_NEWLINE)

    def _shown(self, texts: Iterable[Texts]) -> list[tuple[str, bytes]]:
        found = []
        for one in texts:
            answer = None if one.answer is None else self._redaction.text(one.answer)
            value = {**one.seen.as_json(), "body": self._redaction.value(one.body), "answer": answer}
            found.append((_day(one.seen.time), orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)))
        return found

    def _append(self, folder: Path, lines: list[tuple[str, bytes]]) -> None:
        for day in dict.fromkeys(day for day, _ in lines):
            path = folder / f"{day}.jsonl"
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                data = b"".join(line for when, line in lines if when == day)
                os.write(descriptor, (b"" if self._is_whole(path, descriptor) else b"\n") + data)
            finally:
                os.close(descriptor)
            if self._begun.get(folder) != day:
                self._begun[folder] = day
                _remove_old(folder, _day(datetime.now(UTC).timestamp() - self._keep))

    def _is_whole(self, path: Path, descriptor: int) -> bool:
        """Whether the file ends with a whole line: a router that was killed may have torn the last one."""
        size = os.fstat(descriptor).st_size
        return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _remove_old(folder: Path, before: str) -> None:
    for path in folder.glob("????-??-??.jsonl"):
        if path.stem < before:
            path.unlink(missing_ok=True)
