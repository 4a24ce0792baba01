"""What an answer tells of itself: its text, how many tokens it took, why it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from harness.router.bodies import CHAT, COMPLETIONS, GENERATE

# Errors of TGI that are the server's own, where the others are the client's.
OF_THE_SERVER = frozenset({"generation", "overloaded", "incomplete_generation", "healthcheck"})


class NoAnswer(Exception):
    """Bytes that are no answer of the API."""


@dataclass(slots=True)
class Told:
    """An answer as far as it is known; grows with the events of a stream. None: not told.

    `ended`: the API's own sign of the end has come. `failed`: the server told an error of its own making.
    """

    text: str = ""
    prompt_tokens: int | None = None
    generated_tokens: int | None = None
    finish_reason: str | None = None
    ended: bool = False
    failed: bool = False


def told_by(path: str, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Told:
    """Read a whole answer. Raises NoAnswer for what is none."""
    try:
        found = orjson.loads(body)
        told = _generated(found[0] if path == "/" else found) if path in GENERATE else _chosen(path, found)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise NoAnswer from None
    for name, value in headers:
        if name == b"x-prompt-tokens" and told.prompt_tokens is None and value.isdigit():
            told.prompt_tokens = int(value)
        elif name == b"x-generated-tokens" and told.generated_tokens is None and value.isdigit():
            told.generated_tokens = int(value)
    return told


def _generated(found: Mapping[str, Any]) -> Told:
    details = found.get("details") or {}
    prompt = len(details.get("prefill") or ()) or details.get("input_length")
    return Told(found["generated_text"], prompt, details.get("generated_tokens"), details.get("finish_reason"), True)


def _chosen(path: str, found: Mapping[str, Any]) -> Told:
    choice, usage = found["choices"][0], found.get("usage") or {}
    text = choice["message"].get("content") if path == CHAT else choice["text"]
    return Told(
        text or "", usage.get("prompt_tokens"), usage.get("completion_tokens"), choice.get("finish_reason"), True
    )


def read_event(path: str, event: bytes, told: Told) -> None:
    """Add what one event of a stream tells. What is no event of the API adds nothing."""
    data = b"\n".join(line[5:].strip() for line in event.splitlines() if line.startswith(b"data:"))
    if data == b"[DONE]":
        told.ended = True
        return
    try:
        found = orjson.loads(data)
        if "error" in found:
            _error(found, told)
        elif path in GENERATE:
            _piece(found, told)
        elif path in (CHAT, COMPLETIONS):
            _delta(path, found, told)
    except (ValueError, LookupError, TypeError, AttributeError):
        return


def _error(found: Mapping[str, Any], told: Told) -> None:
    inner = found["error"]
    kind = found.get("error_type") or (inner.get("type") if isinstance(inner, dict) else None)
    code = inner.get("http_status_code", inner.get("code")) if isinstance(inner, dict) else None
    told.ended = True
    told.failed = kind in OF_THE_SERVER or (isinstance(code, int) and (code >= 500 or code in (424, 429)))


def _piece(found: Mapping[str, Any], told: Told) -> None:
    if not isinstance(found.get("generated_text"), str):
        token = found["token"]
        told.text += "" if token.get("special") else token["text"]
        return
    details = found.get("details") or {}
    told.text, told.ended = found["generated_text"], True
    told.finish_reason, told.generated_tokens = details.get("finish_reason"), details.get("generated_tokens")
    told.prompt_tokens = details.get("input_length")


def _delta(path: str, found: Mapping[str, Any], told: Told) -> None:
    if usage := found.get("usage"):
        told.prompt_tokens, told.generated_tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
    for choice in found.get("choices") or ():
        text = (choice.get("delta") or {}).get("content") if path == CHAT else choice.get("text")
        told.text += text or ""
        told.finish_reason = choice.get("finish_reason") or told.finish_reason


def cut_event(path: str, message: str) -> bytes:
    """The event that ends a stream which the server did not end, in the form of the route's API."""
    if path in GENERATE:
        found: object = {"error": message, "error_type": "incomplete_generation"}
    else:
        found = {"error": {"message": message, "type": "incomplete_generation", "http_status_code": 502}}
    return b"data: %s\n\n" % orjson.dumps(found)


def whole_events(data: bytes) -> tuple[bytes, bytes]:
    """The events that are whole, and the rest that is not yet."""
    end = max((data.rfind(mark) + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if mark in data), default=0)
    return data[:end], data[end:]


def events_of(data: bytes) -> list[bytes]:
    """Whole events, one by one."""
    return [event for event in data.replace(b"\r\n", b"\n").split(b"\n\n") if event.strip()]
