"""How an output ended: with an answer, or why there is none. What the provider withheld is no answer of the model."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from harness.core.samples import Output


class Ending(StrEnum):
    """ANSWERED is an answer in the form that was asked for; LOST has no output at all.

    REJECTED is a request that the server takes at no time, such as one that is too long for the model.
    """

    ANSWERED = "answered"
    UNREADABLE = "unreadable"
    LENGTH = "length"
    EMPTY = "empty"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    TOOL_CALLS = "tool_calls"
    ERROR = "error"
    REJECTED = "rejected"
    LOST = "lost"


# Nothing that a model could be measured by: the provider withheld the answer, or gave something else.
BY_PROVIDER = (Ending.EMPTY, Ending.CONTENT_FILTER, Ending.REFUSAL, Ending.TOOL_CALLS, Ending.ERROR)
# An answer, but not in the form that the task asks for.
OF_FORM = (Ending.UNREADABLE, Ending.LENGTH)
# Finish reasons that tell an ending whatever the text is; "function_call" is how older servers spell a tool call.
FINISHES = {
    "content_filter": Ending.CONTENT_FILTER,
    "refusal": Ending.REFUSAL,
    "tool_calls": Ending.TOOL_CALLS,
    "function_call": Ending.TOOL_CALLS,
    "error": Ending.ERROR,
    "length": Ending.LENGTH,
}


def ending_of(output: Output) -> Ending:
    """The ending that an output tells by itself; ANSWERED where its text is still to be read."""
    if output.error is not None and not output.lost:
        return Ending.REJECTED
    if output.error is not None or (output.text is None and output.choices is None):
        return Ending.LOST
    if output.choices is not None or output.text is None:
        return Ending.ANSWERED
    told = FINISHES.get(output.finish_reason or "")
    if told is not None:
        return told
    return Ending.ANSWERED if output.text.strip() else Ending.EMPTY


def endings_in_words(counts: Mapping[str, int], limit: int | None = None, of: str = "") -> str:
    """What is to be said beside a metric: "26 of 40 answers were cut off at max_new_tokens 60, 3 were empty".

    `counts` are those of all endings, `limit` the task's max_new_tokens where it is known, and `of` says whose answers
    they are (" of the candidate"). "" where every answer is whole.
    """
    at = f" at max_new_tokens {limit}" if limit is not None else ""
    phrases = [
        (f"was {single}" if counts[kind] == 1 else f"were {several}") + at * (kind is Ending.LENGTH)
        for kind, (single, several) in _WORDS.items()
        if counts.get(kind)
    ]
    numbers = [counts[kind] for kind in _WORDS if counts.get(kind)]
    if not phrases:
        return ""
    first = f"{numbers[0]:,} of {sum(counts.values()):,} answers{of} {phrases[0]}"
    return ", ".join([first, *(f"{number:,} {text}" for number, text in zip(numbers[1:], phrases[1:], strict=True))])


_WORDS = {
    Ending.LENGTH: ("cut off", "cut off"),
    Ending.UNREADABLE: ("not in the form that was asked for",) * 2,
    Ending.EMPTY: ("empty", "empty"),
    Ending.CONTENT_FILTER: ("withheld by a content filter",) * 2,
    Ending.REFUSAL: ("a refusal", "refusals"),
    Ending.TOOL_CALLS: ("a tool call", "tool calls"),
    Ending.ERROR: ("an error in the place of an answer", "errors in the place of answers"),
    Ending.REJECTED: ("refused by the server",) * 2,
    Ending.LOST: ("lost", "lost"),
}
