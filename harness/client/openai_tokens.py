"""Tokens as OpenAI's completions list them: their ids, log-probabilities and ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.client.interface import Token
from harness.client.replies import logprob, whole_number

# How vLLM spells a token where it is asked for ids.
_ID = "token_id:"


def prompt_tokens(reply: Any) -> list[Token]:
    """The prompt's part of an echoed completion. Empty where the server did not echo, or tells no ids."""
    listed, usage = reply["choices"][0].get("logprobs") or {}, reply["usage"]
    spelled, values = listed.get("tokens") or [], listed.get("token_logprobs") or []
    prompt, made = whole_number(usage["prompt_tokens"]), whole_number(usage["completion_tokens"])
    ids = token_ids(spelled)
    if ids is None or not len(ids) == len(values) == prompt + made:
        return []
    tops = listed.get("top_logprobs") or [None] * len(ids)
    rows = list(zip(ids, values, tops, strict=True))[:prompt]
    return [Token(id, "", logprob(value), _rank(f"{_ID}{id}", top)) for id, value, top in rows]


def token_ids(spelled: Sequence[str]) -> list[int] | None:
    """The ids of tokens; None where the server spelled one as text."""
    if not all(token.startswith(_ID) for token in spelled):
        return None
    return [int(token.removeprefix(_ID)) for token in spelled]


def _rank(token: str, top: Mapping[str, float] | None) -> int | None:
    """0 where no other token is as likely, else unknown: the likeliest ones are told, not the place."""
    if not top or token not in top:
        return None
    return 0 if all(value < top[token] for other, value in top.items() if other != token) else None
