"""TGI's API: what is sent, what is read, and what is taken for no reply at all."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import huggingface_hub as hub
import pytest

from harness.client.interface import Piece, RequestFailed
from harness.client.tgi import TgiClient
from harness.core.errors import OutsideError
from harness.core.samples import Output
from harness.core.suites import Generation
from tests.client.asking import chat, use
from tests.tgi_stub import ADAPTER, Stub


def test_an_answer_comes_with_its_counts_and_its_time(stub: Stub) -> None:
    stub.delay = 0.05
    output = chat(stub)
    assert (output.sample_id, output.text, output.finish_reason, output.error) == ("s1", "shipping", "stop", None)
    assert output.prompt_tokens == 5
    assert output.generated_tokens == 1
    assert output.latency is not None
    assert 0.05 <= output.latency < 2


def test_greedy_is_said_and_the_adapter_is_named(stub: Stub) -> None:
    chat(stub, Generation(max_new_tokens=7, stop=("\n",)))
    (body,) = stub.posts("/v1/chat/completions")
    assert body["temperature"] == 0.0, "TGI samples where no temperature is given"
    assert (body["model"], body["max_tokens"], body["stop"]) == (ADAPTER, 7, ["\n"])


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"choices": []},
        {"choices": [{"message": None}]},
        [1],
        7,
        None,
        {"choices": [{"message": {"content": ["a"]}}]},
        {"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": "5"}},
        {"choices": [{"message": {"content": "a"}, "finish_reason": 3}]},
    ],
)
def test_a_reply_of_another_form_is_an_error_of_the_request(stub: Stub, reply: object) -> None:
    async def other(body: object) -> object:
        return reply if not isinstance(reply, int) else [reply]

    stub._chat = other  # type: ignore[method-assign, assignment]
    output = chat(stub)
    assert output.text is None
    assert "has not the form of TGI's" in str(output.error)


@pytest.mark.parametrize("call", ["prefill", "greedy", "tokenize", "chat_tokens"])
def test_other_routes_refuse_another_form_too(stub: Stub, call: str) -> None:
    async def other(body: object) -> object:
        return {"generated_text": "x"}

    stub._generate = stub._tokenize = stub._chat_tokenize = other  # type: ignore[method-assign, assignment]
    calls = {
        "prefill": lambda client: client.prefill("a b", None),
        "greedy": lambda client: client.greedy("a", 2, (), None),
        "tokenize": lambda client: client.tokenize("a"),
        "chat_tokens": lambda client: client.chat_tokens([]),
    }
    with pytest.raises(RequestFailed, match="form of TGI's"):
        use(stub, calls[call])


def test_the_stop_string_is_cut_off(stub: Stub) -> None:
    stub.answer = lambda text, adapter: "shipping\n### and more"
    assert chat(stub, Generation(stop=("###", "\n"))).text == "shipping"


def test_a_text_with_its_stop_string_is_complete_whatever_the_server_counted_first(stub: Stub) -> None:
    stub.answer, stub.finish_reason = lambda text, adapter: "shipping\n", "length"
    assert chat(stub, Generation(stop=("\n",))).finish_reason == "stop"
    assert chat(stub, Generation(stop=("###",))).finish_reason == "length"


@pytest.mark.parametrize(("tokens", "finish"), [(("ship", "ping", "</s>"), "stop"), (("ship", "ping"), "length")])
def test_the_tokens_of_an_answer_tell_whether_its_last_one_ends_it(
    stub: Stub, tokens: tuple[str, ...], finish: str
) -> None:
    stub.finish_reason, stub.tokens = "length", tokens
    output = asyncio.run(_chat(stub, ("</s>",)))
    assert (output.text, output.finish_reason) == ("shipping", finish)
    assert stub.posts("/v1/chat/completions")[-1]["logprobs"] is True
    assert asyncio.run(_chat(stub, ())).finish_reason == "length"
    assert "logprobs" not in stub.posts("/v1/chat/completions")[-1]


async def _chat(stub: Stub, ends: tuple[str, ...]) -> Output:
    async with TgiClient(stub.url, ends=ends) as client:
        return await client.chat("s1", [{"role": "user", "content": "late: shipping"}], Generation(), ADAPTER)


def test_more_stop_strings_than_tgi_takes_are_cut_here(stub: Stub) -> None:
    stub.answer = lambda text, adapter: "shipping END more"
    assert chat(stub, Generation(stop=("1", "2", "3", "4", " END"))).text == "shipping"
    assert stub.posts("/v1/chat/completions")[0]["stop"] == ["1", "2", "3", "4"]


def test_no_content_is_an_empty_answer_and_no_error(stub: Stub) -> None:
    stub.answer = lambda text, adapter: ""
    assert chat(stub).text == ""
    assert chat(stub).error is None


def test_alive_and_info(stub: Stub) -> None:
    assert use(stub, lambda client: client.alive())
    assert use(stub, lambda client: client.info())["model_id"] == "stub"
    stub.dies_after = 0
    assert not use(stub, lambda client: client.alive())
    with pytest.raises(OutsideError, match="does not answer"):
        use(stub, lambda client: client.info())


def test_prefill_reads_ranks_and_holds_nan_for_unknown(stub: Stub) -> None:
    stub.logprob = lambda word: float("nan")
    tokens = use(stub, lambda client: client.prefill("a b c", None))
    assert [token.text for token in tokens] == ["a", " b", " c"]
    assert [token.logprob for token in tokens] == [None, None, None]
    assert tokens[1].rank == 7


def test_the_pieces_of_a_text_are_its_characters(stub: Stub) -> None:
    text = "naïve – 漢字 end"
    pieces = use(stub, lambda client: client.tokenize(text))
    assert [text[piece.start : piece.stop] for piece in pieces] == ["naïve", " –", " 漢字", " end"]


def test_offsets_in_bytes_become_characters(stub: Stub) -> None:
    text = "naïve 漢字 end"

    async def in_bytes(body: Any) -> list[dict[str, Any]]:
        spans = [(0, 6), (6, 10), (10, 13), (13, 17)]  # the second one ends inside of the text's two characters
        return [{"id": id, "text": "", "start": start, "stop": stop} for id, (start, stop) in enumerate(spans)]

    stub._tokenize = in_bytes  # type: ignore[method-assign]
    pieces = use(stub, lambda client: client.tokenize(text))
    assert pieces == [Piece(0, 0, 5), Piece(1, 5, 7), Piece(2, 7, 8), Piece(3, 8, 12)]


def test_chat_turns_as_tokens_and_none_from_a_server_without_the_route(stub: Stub) -> None:
    turns = [{"role": "user", "content": "hello"}]
    told = use(stub, lambda client: client.chat_tokens(turns))
    assert told == [piece.id for piece in use(stub, lambda client: client.tokenize("<user> hello"))]
    stub.always = 404
    assert use(stub, lambda client: client.chat_tokens(turns)) is None
    stub.always = 422
    with pytest.raises(RequestFailed, match="HTTP 422"):
        use(stub, lambda client: client.chat_tokens(turns))


def names(kind: type[Any]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def test_what_is_read_of_a_reply_has_the_names_of_huggingface_hubs_types(stub: Stub) -> None:
    """The types are generated from TGI's own description; the client reads replies by hand."""
    assert {"choices", "usage"} <= names(hub.ChatCompletionOutput)
    assert {"message", "finish_reason"} <= names(hub.ChatCompletionOutputComplete)
    assert "content" in names(hub.ChatCompletionOutputMessage)
    assert {"prompt_tokens", "completion_tokens"} <= names(hub.ChatCompletionOutputUsage)
    assert {"generated_text", "details"} <= names(hub.TextGenerationOutput)
    assert {"prefill", "tokens"} <= names(hub.TextGenerationOutputDetails)
    assert {"id", "text", "logprob"} == names(hub.TextGenerationOutputPrefillToken)
    sent = {"model", "messages", "max_tokens", "temperature", "seed", "stop", "top_p"}
    assert sent <= names(hub.ChatCompletionInput)
    sent = {"max_new_tokens", "do_sample", "details", "decoder_input_details", "return_full_text", "stop", "adapter_id"}
    assert sent <= names(hub.TextGenerationInputGenerateParameters)


def test_a_reply_written_by_huggingface_hubs_types_is_read_as_they_read_it(stub: Stub) -> None:
    made = hub.ChatCompletionOutput(
        choices=[
            hub.ChatCompletionOutputComplete(
                finish_reason="stop",
                index=0,
                message=hub.ChatCompletionOutputMessage(role="assistant", content="shipping"),
            )
        ],
        created=0, id="", model="m", system_fingerprint="f",
        usage=hub.ChatCompletionOutputUsage(completion_tokens=3, prompt_tokens=11, total_tokens=14),
    )  # fmt: skip

    async def written(body: Any) -> Any:
        return dataclasses.asdict(made)

    stub._chat = written  # type: ignore[method-assign]
    output = chat(stub)
    assert (output.text, output.finish_reason, output.prompt_tokens, output.generated_tokens) == (
        made.choices[0].message.content, made.choices[0].finish_reason, made.usage.prompt_tokens,
        made.usage.completion_tokens,
    )  # fmt: skip


def test_a_repetition_penalty_is_said_as_tgi_s_chat_takes_it_and_other_rules_are_refused(stub: Stub) -> None:
    chat(stub, Generation(repetition_penalty=1.1))
    assert stub.posts("/v1/chat/completions")[0]["presence_penalty"] == pytest.approx(-0.9)
    chat(stub, Generation())
    assert "presence_penalty" not in stub.posts("/v1/chat/completions")[1]
    with pytest.raises(OutsideError, match=r"TGI's chat API takes no top_k and no min_p: take it out"):
        chat(stub, Generation(top_k=3, min_p=0.1))
