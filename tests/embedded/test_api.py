"""TGI's contract, status by status, over a real socket."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from .conftest import Folders, Server, running

Reply = tuple[int, Any, dict[str, str]]


def post(server: Server, path: str, body: Any, **headers: str) -> Reply:
    async def send() -> Reply:
        data = body if isinstance(body, str) else json.dumps(body)
        async with (
            aiohttp.ClientSession() as session,
            session.post(server.url + path, data=data, headers={"content-type": "application/json"} | headers) as reply,
        ):
            text = await reply.text()
            is_json = reply.content_type == "application/json"
            return reply.status, json.loads(text) if is_json else text, dict(reply.headers)

    return asyncio.run(send())


def get(server: Server, path: str) -> tuple[int, str]:
    async def fetch() -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(server.url + path) as reply:
            return reply.status, await reply.text()

    return asyncio.run(fetch())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"temperature": 0}, "`temperature` must be strictly positive"),
        ({"top_p": 1.0}, "`top_p` must be > 0.0 and < 1.0"),
        ({"typical_p": 0.0}, "`typical_p` must be > 0.0 and < 1.0"),
        ({"top_k": 0}, "`top_k` must be strictly positive"),
        ({"repetition_penalty": 0}, "`repetition_penalty` must be strictly positive"),
        ({"frequency_penalty": 3}, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
        ({"max_new_tokens": 0}, "`max_new_tokens` must be strictly positive"),
        ({"max_new_tokens": 999}, "must be <= 256. Given: 5 `inputs` tokens and 999 `max_new_tokens`"),
        ({"stop": list("abcde")}, "`stop` supports up to 4 stop sequences. Given: 5"),
        ({"stop": [""]}, "`stop` strings cannot be empty"),
        ({"top_n_tokens": 6}, "`top_n_tokens` must be >= 0 and <= 5. Given: 6"),
        ({"truncate": 0}, "`truncate` must be strictly positive"),
        ({"best_of": 2, "do_sample": True}, "`best_of`"),
        ({"watermark": True}, "`watermark` is not supported"),
        ({"grammar": {"type": "regex", "value": "a"}}, "`grammar` is not supported"),
        ({"adapter_id": "green"}, "'green' is not loaded. Loaded adapters: red, blue"),
        ({"max_nwe_tokens": 3}, "parameters.max_nwe_tokens"),
    ],
)
def test_refused_parameters(server: Server, parameters: dict[str, Any], message: str) -> None:
    status, body, _ = post(server, "/generate", {"inputs": "hello", "parameters": parameters})
    assert (status, body["error_type"]) == (422, "validation")
    assert body["error"].startswith("Input validation error: ")
    assert message in body["error"]


@pytest.mark.parametrize(
    "field",
    [
        {"tools": [{}]},
        {"response_format": {"type": "json_object"}},
        {"n": 2},
        {"logit_bias": {"3": 1.0}},
        {"top_logprobs": 2},
        {"max_tokns": 2},
        {"model": "green"},
        {"messages": []},
    ],
)
def test_refused_chat_fields(server: Server, field: dict[str, Any]) -> None:
    body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 2} | field
    for stream in (False, True):
        status, reply, _ = post(server, "/v1/chat/completions", body | {"stream": stream})
        assert (status, reply["error"]["type"], reply["error"]["code"]) == (422, "validation", 422)


def test_errors_under_v1_are_openais_so_that_its_clients_show_them(server: Server) -> None:
    chat = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 2, "n": 2}
    _, reply, _ = post(server, "/v1/chat/completions", chat)
    assert set(reply["error"]) == {"message", "type", "param", "code"}
    assert "`n`" in reply["error"]["message"]
    status, reply, _ = post(server, "/v1/embeddings", {"input": "x"})
    assert (status, reply["error"]["message"]) == (404, "This server has no POST /v1/embeddings.")
    status, reply, _ = post(server, "/nowhere", {})
    assert (status, reply) == (404, {"error": "This server has no POST /nowhere.", "error_type": "not_found"})


@pytest.mark.parametrize(
    "more",
    [
        {"tool_calls": None, "name": None},  # text-generation's own client
        {"refusal": None, "annotations": [], "audio": None, "function_call": None},  # model_dump() of openai's message
        {"reasoning_content": "", "extra": {}},
    ],
)
def test_fields_without_a_value_say_nothing(server: Server, more: dict[str, Any]) -> None:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}]
    plain = {"messages": turns, "max_tokens": 4, "temperature": 0}
    written = plain | {"messages": [{**turn, **more} for turn in turns]} | {"logprobs": None, "audio": None}
    answers = [post(server, "/v1/chat/completions", body)[1]["choices"] for body in (plain, written)]
    assert answers[0] == answers[1]
    for key, value in (("tool_calls", [{"id": "1"}]), ("refusal", "no"), ("audio", False)):
        turn = {"role": "assistant", "content": "yes", key: value}
        assert post(server, "/v1/chat/completions", {"messages": [*turns, turn]})[0] == 422, "ignored, it would be lost"


def test_a_model_is_told_by_its_name(server: Server) -> None:
    status, text = get(server, "/v1/models/red")
    assert (status, json.loads(text)["id"]) == (200, "red")
    status, text = get(server, "/v1/models/org/green")
    assert (status, json.loads(text)["error"]["message"]) == (
        404,
        "The model 'org/green' does not exist; there are tiny-base, red, blue.",
    )


def test_empty_and_malformed_bodies(server: Server) -> None:
    assert "`inputs` cannot be empty" in post(server, "/generate", {"inputs": "", "parameters": {}})[1]["error"]
    assert post(server, "/generate", '{"inputs": "x')[0] == 422


def assert_same(reply: dict[str, Any], other: dict[str, Any]) -> None:
    """Equal but for rounding: what was run before is not run again, and sums come out in another order."""
    for one, two in zip(reply["details"]["tokens"], other["details"]["tokens"], strict=True):
        assert one | {"logprob": 0} == two | {"logprob": 0}
        assert one["logprob"] == pytest.approx(two["logprob"], abs=1e-4)
    assert reply["generated_text"] == other["generated_text"]
    assert reply["details"] | {"tokens": []} == other["details"] | {"tokens": []}


def test_greedy_sampled_and_seeded(server: Server) -> None:
    def ask(**parameters: Any) -> dict[str, Any]:
        given = {"max_new_tokens": 8, "details": True} | parameters
        reply: dict[str, Any] = post(server, "/generate", {"inputs": "hello", "parameters": given})[1]
        return reply

    greedy = ask()
    assert greedy["details"]["seed"] is None
    assert_same(ask(temperature=1.0), greedy)  # TGI: a temperature of 1 alone does not sample
    seeded = ask(do_sample=True, seed=7, top_p=0.9)
    assert seeded["details"]["seed"] == 7
    assert_same(ask(do_sample=True, seed=7, top_p=0.9), seeded)
    assert ask(do_sample=True)["details"]["seed"] is not None
    assert (
        "seed"
        in post(server, "/", {"inputs": "hello", "parameters": {"details": True, "max_new_tokens": 2}})[1][0]["details"]
    )


def test_stop_string_is_included_and_ends_the_text(server: Server) -> None:
    whole = post(server, "/generate", {"inputs": "hello", "parameters": {"max_new_tokens": 30, "details": True}})[1]
    text = whole["details"]["tokens"][0]["text"]
    body = {"inputs": "hello", "parameters": {"max_new_tokens": 30, "stop": [text], "details": True}}
    reply = post(server, "/generate", body)[1]
    assert reply["generated_text"] == text
    assert reply["details"]["finish_reason"] == "stop_sequence"
    assert reply["details"]["prefill"] == []


def test_truncate_keeps_the_last_tokens(server: Server) -> None:
    parameters = {"max_new_tokens": 4, "truncate": 3}
    cut = post(server, "/generate", {"inputs": "hello", "parameters": parameters})
    short = post(server, "/generate", {"inputs": "llo", "parameters": {"max_new_tokens": 4}})
    assert cut[1] == short[1]
    assert cut[2]["x-prompt-tokens"] == "3"


def test_compatible_route_echoes_the_prompt_unless_told(server: Server) -> None:
    reply = post(server, "/", {"inputs": "hello", "parameters": {"max_new_tokens": 2}})[1]
    assert reply[0]["generated_text"].startswith("hello")
    parameters = {"max_new_tokens": 2, "return_full_text": False}
    assert post(server, "/", {"inputs": "hello", "parameters": parameters})[1][0]["generated_text"] == reply[0][
        "generated_text"
    ].removeprefix("hello")


def test_stream_errors_are_events_under_status_200(server: Server) -> None:
    body = {"inputs": "hello", "parameters": {"decoder_input_details": True}}
    status, text, _ = post(server, "/generate_stream", body)
    assert status == 200
    assert json.loads(text.removeprefix("data:"))["error_type"] == "validation"


def test_completions_take_several_prompts(server: Server) -> None:
    reply = post(server, "/v1/completions", {"prompt": ["ab", "cde"], "max_tokens": 3, "temperature": 0})[1]
    assert [choice["index"] for choice in reply["choices"]] == [0, 1]
    assert reply["usage"] == {"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11}
    assert post(server, "/v1/completions", {"prompt": ["a"] * 5})[0] == 422
    assert post(server, "/v1/completions", {"prompt": "a", "suffix": "b"})[0] == 422


def test_tokenize(server: Server) -> None:
    pieces = post(server, "/tokenize", {"inputs": "hi"})[1]
    assert [(piece["text"], piece["start"], piece["stop"]) for piece in pieces] == [("h", 0, 1), ("i", 1, 2)]
    chat = post(server, "/chat_tokenize", {"messages": [{"role": "user", "content": "hi"}]})[1]
    assert chat["templated_text"] == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    assert chat["tokenize_response"][0]["text"] == "<|im_start|>"


def test_info_models_health_metrics(server: Server, folders: Folders) -> None:
    info = json.loads(get(server, "/info")[1])
    assert info["server"] == "harness-embedded"
    assert info["max_input_tokens"] == 255
    assert [adapter["name"] for adapter in info["adapters"]] == ["red", "blue"]
    assert all(len(digest) == 64 for digest in (info["base_digest"], info["adapters"][0]["digest"]))
    assert str(folders.base.parent) not in json.dumps(info)
    models = json.loads(get(server, "/v1/models")[1])["data"]
    assert [model["id"] for model in models] == ["tiny-base", "red", "blue"]
    assert [get(server, path) for path in ("/", "/health", "/ping")] == [(200, "")] * 3
    assert 'tgi_request_failure{err="validation"}' in get(server, "/metrics")[1]


@pytest.fixture(scope="module")
def small(folders: Folders) -> Iterator[Server]:
    """Two permits, long requests, a key."""
    arguments = ("--max-concurrent-requests", "2", "--max-total-tokens", "2048", "--api-key-env", "TEST_KEY")
    with running(*folders.arguments, *arguments, TEST_KEY="secret") as started:
        yield started


LONG = {"inputs": "hello", "parameters": {"max_new_tokens": 2000}}
KEY = {"authorization": "Bearer secret"}


def test_key_is_needed_where_tgi_needs_it(small: Server) -> None:
    body = {"inputs": "a", "parameters": {"max_new_tokens": 1}}
    assert post(small, "/generate", body)[:2] == (401, "")
    assert post(small, "/generate", body, authorization="Bearer wrong")[0] == 401
    assert post(small, "/generate", body, **KEY)[0] == 200
    assert [get(small, path)[0] for path in ("/info", "/health", "/metrics", "/v1/models")] == [200] * 4


def gauge(text: str, name: str) -> float:
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith(name + " ")))


async def until_idle(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(5):
        while True:
            async with session.get(url + "/metrics") as reply:
                if gauge(await reply.text(), "tgi_batch_current_size") == 0:
                    return


def test_clients_that_leave_free_their_slots_and_too_many_are_refused(small: Server) -> None:
    async def scene() -> None:
        async with aiohttp.ClientSession(headers=KEY) as session:
            stream = await session.post(small.url + "/generate_stream", json=LONG)
            await stream.content.readline()
            plain = asyncio.create_task(session.post(small.url + "/generate", json=LONG))
            async with asyncio.timeout(5):
                while True:
                    async with session.get(small.url + "/metrics") as reply:
                        if gauge(await reply.text(), "tgi_batch_current_size") == 2:
                            break
            async with session.post(small.url + "/generate", json=LONG) as refused:
                assert refused.status == 429
                assert (await refused.json())["error_type"] == "overloaded"
            stream.close()
            plain.cancel()
            await until_idle(session, small.url)
            body = {"inputs": "a", "parameters": {"max_new_tokens": 1}}
            async with session.post(small.url + "/generate", json=body) as after:
                assert after.status == 200

    asyncio.run(scene())


@pytest.mark.e2e  # with a server of its own
def test_greedy_is_greedy_whatever_the_models_own_files_ask_for(
    server: Server, folders: Folders, tmp_path: Path
) -> None:
    """vLLM would take the penalty from there where a request is silent; here, as on TGI, only the request's counts."""
    base = tmp_path / "tiny-base"
    shutil.copytree(folders.base, base)
    rules = {"do_sample": True, "temperature": 2.0, "top_k": 2, "min_p": 0.5, "repetition_penalty": 5.0}
    file = base / "generation_config.json"
    given = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**given, **rules}))
    chat = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 24, "temperature": 0, "seed": 0}

    def texts(asked: Server) -> list[str]:
        bodies = [chat, {**chat, "presence_penalty": 1.5 - 2.0}]
        return [post(asked, "/v1/chat/completions", body)[1]["choices"][0]["message"]["content"] for body in bodies]

    with running("--base", str(base), "--max-total-tokens", "256") as other:
        plain, penalised = texts(other)
    assert [plain, penalised] == texts(server)
    assert plain != penalised, "which a penalty changes"
