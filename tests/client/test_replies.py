"""How a chat reply ended, wherever its server says so."""

from __future__ import annotations

from typing import Any

import pytest

from harness.client.http import Reply
from harness.client.interface import RequestFailed
from harness.client.replies import chat_output
from harness.core.endings import BY_PROVIDER, Ending, ending_of
from harness.core.samples import Output


def output(choice: dict[str, Any], stop: tuple[str, ...] = (), **beside: Any) -> Output:
    message = {"role": "assistant", "content": "billing"} | choice.pop("message", {})
    data = {"choices": [{"finish_reason": "stop", **choice, "message": message}], **beside}
    return chat_output("s", Reply(data, 0.1, 1), stop, "an API")


@pytest.mark.parametrize(
    ("given", "text", "ending"),
    [
        ({}, "billing", Ending.ANSWERED),
        ({"finish_reason": None}, "billing", Ending.ANSWERED),
        ({"finish_reason": "length"}, "billing", Ending.LENGTH),
        ({"message": {"content": ""}, "finish_reason": "length"}, "", Ending.LENGTH),
        ({"message": {"content": None}}, "", Ending.EMPTY),
        ({"message": {"content": "\u00a0\n"}}, "\u00a0\n", Ending.EMPTY),
        ({"finish_reason": "content_filter"}, "billing", Ending.CONTENT_FILTER),
        ({"message": {"content": None, "refusal": "I can't."}}, "I can't.", Ending.REFUSAL),
        ({"message": {"content": None, "tool_calls": [{"id": "1"}]}}, "", Ending.TOOL_CALLS),
        ({"message": {"tool_calls": [], "refusal": None}}, "billing", Ending.ANSWERED),
        ({"message": {"content": ""}, "finish_reason": "function_call"}, "", Ending.TOOL_CALLS),
        ({"error": {"message": "overloaded"}}, "billing", Ending.ERROR),
        ({"finish_reason": "error"}, "billing", Ending.ERROR),
    ],
)
def test_an_ending_is_told(given: dict[str, Any], text: str, ending: Ending) -> None:
    found = output(given)
    assert (found.text, ending_of(found)) == (text, ending)


def test_an_error_beside_an_answer_is_no_answer() -> None:
    assert ending_of(output({}, error={"message": "upstream is down"})) is Ending.ERROR
    assert ending_of(output({}, error=None)) is Ending.ANSWERED


def test_a_stop_string_completes_what_was_cut_and_nothing_that_was_withheld() -> None:
    assert ending_of(output({"message": {"content": "billing\nmore"}, "finish_reason": "length"}, ("\n",))) is (
        Ending.ANSWERED
    )
    assert (
        ending_of(output({"message": {"content": "I\nm"}, "finish_reason": "content_filter"}, ("\n",))) in BY_PROVIDER
    )


def test_an_error_alone_is_a_failed_request_that_quotes_it() -> None:
    with pytest.raises(RequestFailed, match=r"the reply is an error: .*quota"):
        chat_output("s", Reply({"error": {"message": "quota"}}, 0.1, 3), (), "an API")


def listed(*tokens: str) -> dict[str, Any]:
    return {"finish_reason": "length", "logprobs": {"content": [{"token": token, "logprob": -0.1} for token in tokens]}}


@pytest.mark.parametrize(
    ("choice", "finish"),
    [
        (listed("bill", "ing", "<|im_end|>"), "stop"),
        (listed("bill", "ing", "\ufffd<|im_end|>"), "stop"),
        (listed("bill", "ing", "</s>"), "stop"),
        (listed("bill", "ing"), "length"),
        (listed("bill", "<|im_end|>", "ing"), "length"),
        (listed("bill", "ing", "<|im_start|>"), "length"),
        (listed(), "length"),
        ({"finish_reason": "length", "logprobs": None}, "length"),
        ({**listed("ing", "</s>"), "finish_reason": "content_filter"}, "content_filter"),
    ],
)
def test_an_answer_that_ends_with_its_last_token_is_whole(choice: dict[str, Any], finish: str) -> None:
    """TGI says `length` of it, and its tokens show that the last one is an end of sequence."""
    data = {"choices": [{**choice, "message": {"content": "billing"}}]}
    assert chat_output("s", Reply(data, 0.1, 1), (), "an API", ("<|im_end|>", "</s>")).finish_reason == finish
    assert chat_output("s", Reply(data, 0.1, 1), (), "an API").finish_reason == choice["finish_reason"]
