"""Unchanged clients of huggingface_hub over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from huggingface_hub import AsyncInferenceClient, InferenceClient
from huggingface_hub.errors import HfHubHTTPError, ValidationError

from .conftest import Server

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]


@pytest.fixture
def client(server: Server) -> Iterator[InferenceClient]:
    with InferenceClient(server.url) as opened:
        yield opened


def test_generation_with_details(client: InferenceClient) -> None:
    reply = client.text_generation("héllo", details=True, decoder_input_details=True, max_new_tokens=5, top_n_tokens=2)
    assert reply.details is not None
    assert reply.details.generated_tokens == len(reply.details.tokens) == 5
    assert reply.details.finish_reason == "length"
    assert "".join(token.text for token in reply.details.prefill[:1]) == "h"
    assert [token.logprob is None for token in reply.details.prefill] == [True] + [False] * 5
    assert all(token["rank"] >= 0 for token in reply.details.prefill[1:])
    assert reply.details.top_tokens is not None
    best = [tops[0]["id"] for tops in reply.details.top_tokens]
    assert best == [token.id for token in reply.details.tokens]


def test_adapters_differ_and_the_base_stays(client: InferenceClient) -> None:
    def ask(adapter: str | None) -> list[float]:
        reply = client.text_generation("hello", details=True, max_new_tokens=8, adapter_id=adapter)
        assert reply.details is not None
        return [token.logprob for token in reply.details.tokens]

    base = ask(None)
    assert ask("red") != pytest.approx(base, abs=1e-3)
    assert ask("red") != pytest.approx(ask("blue"), abs=1e-3)
    assert ask(None) == pytest.approx(base, abs=1e-4)


def test_unknown_adapter_is_refused(client: InferenceClient) -> None:
    with pytest.raises(ValidationError, match="'green' is not loaded"):
        client.text_generation("hello", adapter_id="green")
    with pytest.raises(HfHubHTTPError):
        client.chat_completion(CHAT, model="green", max_tokens=2)


def test_stream_gives_what_one_reply_gives(client: InferenceClient) -> None:
    whole = client.text_generation("hello", max_new_tokens=12, details=True)
    events = list(client.text_generation("hello", max_new_tokens=12, details=True, stream=True))
    assert whole.details is not None
    assert [event.token.id for event in events] == [token.id for token in whole.details.tokens]
    assert events[-1].generated_text == whole.generated_text
    assert events[-1].details is not None
    assert events[-1].details.input_length == 5


def test_chat(client: InferenceClient) -> None:
    reply = client.chat_completion(CHAT, max_tokens=6, temperature=0, logprobs=True, top_logprobs=3)
    assert reply.id == ""
    assert reply.usage.completion_tokens == 6
    assert reply.choices[0].finish_reason == "length"
    assert reply.choices[0].logprobs is not None
    assert len(reply.choices[0].logprobs.content[0].top_logprobs) == 3
    prompt = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    same = client.text_generation(prompt, max_new_tokens=6, return_full_text=False)
    assert reply.choices[0].message.content == same


def test_chat_stream_counts_usage(client: InferenceClient) -> None:
    chunks = list(
        client.chat_completion(
            CHAT, model="red", max_tokens=5, seed=3, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 5
    assert chunks[-2].choices[0].finish_reason == "length"


def test_async_requests_together_equal_requests_alone(server: Server, client: InferenceClient) -> None:
    cases = [("x" * (3 * n + 1), (None, "red", "blue")[n % 3]) for n in range(24)]

    async def together() -> list[str]:
        async with AsyncInferenceClient(server.url) as opened:
            calls = [opened.text_generation(text, max_new_tokens=9, adapter_id=name) for text, name in cases]
            return list(await asyncio.gather(*calls))

    alone = [client.text_generation(text, max_new_tokens=9, adapter_id=name) for text, name in cases]
    assert asyncio.run(together()) == alone


def test_async_chat_stream(server: Server) -> None:
    async def read() -> int:
        async with AsyncInferenceClient(server.url) as opened:
            stream = await opened.chat_completion(CHAT, max_tokens=4, stream=True)
            return len([chunk async for chunk in stream])

    assert asyncio.run(read()) == 4
