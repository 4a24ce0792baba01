"""Conversations as they are written: OpenAI's `messages` and ShareGPT's `conversations`, with tools."""

from __future__ import annotations

import json
from collections.abc import Mapping

import orjson

from harness.core.samples import Json
from harness.data.packed import Unreadable
from harness.data.rows import Turn

ROLES = {name: name for name in ("system", "user", "assistant", "tool")}
SHAREGPT_ROLES = {
    **ROLES,
    "human": "user",
    "gpt": "assistant",
    "function_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
}
_NAMES = {"messages": ("role", "content", ROLES), "conversations": ("from", "value", SHAREGPT_ROLES)}


def as_json(value: Json) -> bytes:
    """A value as compact JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:  # whole numbers beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read_turns(found: Json, key: str, unlabelled: bool = False) -> tuple[Turn, ...]:
    """The turns of a row's `messages` or `conversations`, roles in OpenAI's words.

    The last turn is the assistant's; with `unlabelled` it may be another's. A turn that calls tools reads as its text
    and the calls as JSON. Raises Unreadable.
    """
    if not isinstance(found, list) or not found:
        raise Unreadable(f"'{key}' must be a list of turns, at least one.")
    role_key, text_key, roles = _NAMES[key]
    turns: list[Turn] = []
    for turn in found:
        # Most turns are this plain, and a million rows have millions of them.
        plain = type(turn) is dict and "tool_calls" not in turn
        name, content = (turn.get(role_key), turn.get(text_key)) if plain else (None, None)
        role = roles.get(name) if type(name) is str else None
        if role is None or type(content) is not str or (turns and role == "system"):
            turns.append(_turn(turn, len(turns), role_key, text_key, roles))
        else:
            turns.append((role, content))
    if turns[-1][0] != "assistant" and not unlabelled:
        raise Unreadable(f"the last turn is the {turns[-1][0]}'s, and must be the assistant's: it is what is learnt.")
    return tuple(turns)


def _turn(turn: Json, number: int, role_key: str, text_key: str, roles: Mapping[str, str]) -> Turn:
    if not isinstance(turn, dict) or role_key not in turn:
        raise Unreadable(f"turn {number + 1} needs '{role_key}' and '{text_key}'.")
    role, content = roles.get(str(turn[role_key])), turn.get(text_key)
    if role is None:
        raise Unreadable(f"turn {number + 1} has the '{role_key}' {_short(turn[role_key])}; known: {', '.join(roles)}.")
    if role == "system" and number:
        raise Unreadable(f"turn {number + 1} is the system's; only the first may be.")
    calls = turn.get("tool_calls")
    if type(content) is str and not calls:
        return role, content
    text = "" if content is None and calls else _text(content, f"the '{text_key}' of turn {number + 1}")
    return role, "\n".join(filter(None, (text, as_json(calls).decode() if calls else "")))


def _text(content: Json, what: str) -> str:
    """The text of a content that may stand in parts. Raises Unreadable for pictures and sound."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in parts]
    if not all(isinstance(text, str) for text in texts):
        raise Unreadable(f"{what} is not text.")
    return "\n".join(map(str, texts))


def _short(value: Json) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"
