"""How an output ended: with an answer, or why there is none. What the provider withheld is no answer of the model."""

from __future__ import annotations

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
