"""Replies as values. Another form than the API's is a failed request: never a crash, never a number read wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from harness.client.http import Reply
from harness.client.interface import RequestFailed
from harness.core.samples import REFUSED, Output

T = TypeVar("T")

# TGI and OpenAI take no more stop strings than this in a request; text is cut at the others here.
MOST_STOPS = 4
_QUOTED = 300  # characters of an error that a server sends
# Answers to a request that this server takes at no time: too long for the model, or not to be read.
_FOR_GOOD = frozenset({400, 413, 422})


@contextmanager
def form(of: str, attempts: int = 1) -> Iterator[None]:
    """Around the reading of a reply of the API `of`. Raises RequestFailed where it has another form."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
        raise RequestFailed(f"the reply has not the form of {of}", attempts=attempts) from None


def chat_output(sample_id: str, reply: Reply, stop: Sequence[str], of: str, ends: Collection[str] = ()) -> Output:
    """A chat completion as an Output, its text cut at the first stop string. Raises RequestFailed.

    `ends` are how the model's end-of-sequence tokens are spelled: an answer that ends with one is whole, also where the
    server says `length` of it. That is seen where the reply lists its tokens (`logprobs`). What the provider withheld
    shows in `finish_reason`: content_filter, refusal (its text in the place of the answer), tool_calls or error, also
    where the server tells it elsewhere in the reply.
    """
    _refuse_error_alone(reply)
    with form(of, reply.attempts):
        choice = reply.data["choices"][0]
        usage = reply.data.get("usage") or {}
        message = choice["message"]
        whole = text(message.get("content") or message.get("refusal") or "")
        cut = cut_at(whole, stop)
        finish = _withheld(reply.data, choice) or _unless_none(text, choice.get("finish_reason"))
        finish = "stop" if finish == "length" and _ended(choice, ends) else finish
        return Output(
            sample_id,
            cut,
            # A text with a stop string in it is complete, also where the server counted tokens first.
            "stop" if cut != whole and finish in (None, "length", "stop") else finish,
            _unless_none(whole_number, usage.get("prompt_tokens")),
            _unless_none(whole_number, usage.get("completion_tokens")),
            reply.seconds,
            attempts=reply.attempts,
            model=named if isinstance(named := reply.data.get("model"), str) and named else None,
        )


def _refuse_error_alone(reply: Reply) -> None:
    """Raises RequestFailed, quoting it, for an error that came with HTTP 200 and without any choice."""
    data = reply.data
    if isinstance(data, Mapping) and data.get("error") and not data.get("choices"):
        raise RequestFailed(f"the reply is an error: {str(data['error'])[:_QUOTED]}", attempts=reply.attempts)


def _withheld(data: Any, choice: Any) -> str | None:
    """How the provider ended an answer where the finish reason may not say so; None where it gave one."""
    message = choice["message"]
    if data.get("error") or choice.get("error"):
        return "error"
    if message.get("refusal"):
        return "refusal"
    if (message.get("tool_calls") or message.get("function_call")) and not (message.get("content") or "").strip():
        return "tool_calls"
    return None


def _ended(choice: Any, ends: Collection[str]) -> bool:
    """Whether the last token of an answer, which its text leaves out, is an end of sequence."""
    tokens = (choice.get("logprobs") or {}).get("content") or []
    return bool(ends and tokens) and text(tokens[-1]["token"]).rstrip().endswith(tuple(ends))


def failed_output(sample_id: str, failure: RequestFailed) -> Output:
    """A request without an answer. One that the server refuses for good, whenever it is sent, ends as `REFUSED`."""
    end = REFUSED if failure.status in _FOR_GOOD else None
    return Output(sample_id, None, end, error=str(failure), attempts=failure.attempts)


def cut_at(whole: str, stop: Sequence[str]) -> str:
    """The text before the first stop string."""
    for end in stop:
        whole = whole.split(end, 1)[0]
    return whole


def text(value: object) -> str:
    """Raises TypeError for what is no text."""
    if not isinstance(value, str):
        raise TypeError
    return value


def whole_number(value: object) -> int:
    """Raises TypeError for what is no whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def logprob(value: object) -> float | None:
    """NaN, infinities (weights that overflowed) and what stands for them (-9999 in vLLM) are no log-probabilities."""
    if value is None:
        return None
    if not isinstance(value, (int, float)):
        raise TypeError
    return float(value) if math.isfinite(value) and value > -9999 else None


def _unless_none(read: Callable[[object], T], value: object) -> T | None:
    return None if value is None else read(value)
