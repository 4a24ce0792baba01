"""The body of a request, made to ask for one version: a client can neither pick a version nor miss it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from harness.router.table import NO_ADAPTER, Target

GENERATE = frozenset({"/", "/generate", "/generate_stream"})
CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
NAMED = frozenset({CHAT, COMPLETIONS, "/chat_tokenize"})
# These make an answer that is noted in the log; the others only ask about texts.
ANSWERED = GENERATE | {CHAT, COMPLETIONS}
POSTED = ANSWERED | {"/tokenize", "/chat_tokenize"}


class BadBody(Exception):
    """A body that no version can be asked with; the message is for the client."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's route and its body as a JSON object."""

    path: str
    body: dict[str, Any]

    @property
    def streamed(self) -> bool:
        """Whether the client wants events."""
        return self.path == "/generate_stream" or (self.path in ANSWERED and self.body.get("stream") is True)

    def of(self, target: Target) -> bytes:
        """The body that asks a target, whatever version the client named."""
        if self.path in GENERATE:
            return orjson.dumps({**self.body, "parameters": _parameters(self.body.get("parameters"), target.model)})
        if self.path not in NAMED:
            return orjson.dumps(self.body)
        return orjson.dumps({**self.body, "model": NO_ADAPTER if target.model is None else target.model})


def asked(path: str, body: bytes) -> Asked:
    """Read a body. Raises BadBody."""
    try:
        found = orjson.loads(body)
    except ValueError:
        raise BadBody("the body of the request is not JSON") from None
    if not isinstance(found, dict):
        raise BadBody("the body of the request is not a JSON object")
    if path in GENERATE and not isinstance(found.get("parameters", {}), dict):
        raise BadBody("`parameters` is not a JSON object")
    return Asked(path, found)


def _parameters(given: dict[str, Any] | None, model: str | None) -> dict[str, Any]:
    """TGI samples where there are no parameters at all, and is greedy where there are some: that stays as it was."""
    found = {"do_sample": True} if given is None else {key: given[key] for key in given if key != "adapter_id"}
    return found if model is None else {**found, "adapter_id": model}
