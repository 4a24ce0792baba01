"""OpenAI's API: the model is named, everything is said, and what a server does not tell is never made up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from harness.client.guard import Guard, ModelMismatch
from harness.client.interface import Client, Limits, RequestFailed
from harness.client.model_reference import by_texts, model_reference
from harness.client.openai_api import OpenaiClient
from harness.client.preflight import Expected, preflight
from harness.core.errors import OutsideError
from harness.core.samples import Output
from harness.core.suites import Generation
from tests.client.asking import KEY, ONCE, QUICK
from tests.openai_stub import MODEL, OpenaiStub
from tests.tgi_stub import ADAPTER

T = TypeVar("T")
TURNS = [{"role": "user", "content": "a parcel is late: shipping"}]


def use(
    stub: OpenaiStub,
    call: Callable[[Client], Awaitable[T]],
    key: str | None = None,
    limits: Limits = QUICK,
    **arguments: Any,
) -> T:
    async def main() -> T:
        async with OpenaiClient(f"{stub.url}/v1/", MODEL, key, 4, limits, **arguments) as client:
            return await call(client)

    return asyncio.run(main())


def chat(stub: OpenaiStub, generation: Generation = Generation(), adapter: str | None = ADAPTER, **more: Any) -> Output:  # noqa: B008
    return use(stub, lambda client: client.chat("s1", TURNS, generation, adapter), **more)


def test_the_adapter_is_a_model_and_without_one_the_base_answers(openai_stub: OpenaiStub) -> None:
    output = chat(openai_stub)
    assert (output.text, output.finish_reason, output.prompt_tokens, output.error) == ("shipping", "stop", 5, None)
    assert chat(openai_stub, adapter=None).text == "other"
    assert [body["model"] for body in openai_stub.posts("/v1/chat/completions")] == [ADAPTER, MODEL]


def test_every_parameter_is_said(openai_stub: OpenaiStub) -> None:
    chat(openai_stub, Generation(max_new_tokens=7, seed=3, stop=("\n",)))
    chat(openai_stub, Generation(temperature=0.5, top_p=0.9), max_tokens_key="max_completion_tokens")
    first, second = openai_stub.posts("/v1/chat/completions")
    assert (first["max_tokens"], first["temperature"], first["top_p"], first["seed"]) == (7, 0.0, 1.0, 3)
    assert first["stop"] == ["\n"]
    assert (second["max_completion_tokens"], second["temperature"], second["top_p"]) == (64, 0.5, 0.9)
    assert "max_tokens" not in second


PENALTIES = {"presence_penalty": 0.0, "frequency_penalty": 0.0}
NEUTRAL = {"top_k": -1, "repetition_penalty": 1.0, "min_p": 0.0, **PENALTIES}
KNOWN = {
    "vllm": NEUTRAL,
    "sglang": NEUTRAL,
    "llamacpp": {"top_k": 0, "repeat_penalty": 1.0, "min_p": 0.0, **PENALTIES},
}


def extras(body: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in body.items() if key in ("top_k", "min_p") or key.endswith("_penalty")}


@pytest.mark.parametrize(("owner", "said"), [*KNOWN.items(), ("stub", {}), ("openai", {})])
def test_a_server_that_knows_them_is_told_that_no_other_rules_hold(
    openai_stub: OpenaiStub, owner: str, said: dict[str, object]
) -> None:
    openai_stub.owner = owner

    async def several(client: Client) -> bool:
        await asyncio.gather(*(client.chat("s1", TURNS, Generation(), None) for _ in range(3)))
        await client.greedy("a b", 2, (), None)
        return await client.is_plainly_greedy()

    assert use(openai_stub, several) == bool(said)
    bodies = [*openai_stub.posts("/v1/chat/completions"), *openai_stub.posts("/v1/completions")]
    assert [extras(body) for body in bodies] == [said] * 4
    assert [path for path, *_ in openai_stub.asked].count("/v1/models") == 1, "asked once"


def test_rules_that_a_task_sets_go_out_under_the_server_s_names(openai_stub: OpenaiStub) -> None:
    given = Generation(temperature=0.7, top_k=20, repetition_penalty=1.1)
    for owner in ("vllm", "llamacpp"):
        openai_stub.owner = owner
        chat(openai_stub, given)
    ours, theirs = openai_stub.posts("/v1/chat/completions")
    assert extras(ours) == {"top_k": 20, "repetition_penalty": 1.1, "min_p": 0.0, **PENALTIES}
    assert extras(theirs) == {"top_k": 20, "repeat_penalty": 1.1, "min_p": 0.0, **PENALTIES}


@pytest.mark.parametrize("unlisted", [False, True])
def test_a_server_that_is_not_known_to_take_a_rule_is_refused_in_words(openai_stub: OpenaiStub, unlisted: bool) -> None:
    openai_stub.unlisted = unlisted
    with pytest.raises(OutsideError, match="not known to take top_k, min_p, which a task's 'generation' sets"):
        chat(openai_stub, Generation(top_k=20, min_p=0.1))
    assert openai_stub.posts("/v1/chat/completions") == []
    assert chat(openai_stub, Generation(top_k=20), omit=frozenset({"top_k"})).text == "shipping"


def test_what_a_server_refuses_can_be_left_out(openai_stub: OpenaiStub) -> None:
    openai_stub.owner = "vllm"
    omit = frozenset({"temperature", "top_p", "seed", "min_p"})
    chat(openai_stub, omit=omit)
    use(openai_stub, lambda client: client.greedy("a", 2, (), None), omit=omit)
    for body in (*openai_stub.posts("/v1/chat/completions"), *openai_stub.posts("/v1/completions")):
        assert not omit & body.keys()
        assert body["repetition_penalty"] == 1.0


def test_a_penalty_of_the_model_s_own_files_is_noted_where_the_server_is_not_told_otherwise(
    openai_stub: OpenaiStub,
) -> None:
    expected = Expected(True, None, None, None, None, False, {"repetition_penalty": 1.05})

    def notes() -> str:
        return " ".join(use(openai_stub, lambda client: preflight(client, ADAPTER, expected)).notes)

    assert "generation_config.json asks for repetition_penalty 1.05, and the server is not known to leave" in notes()
    openai_stub.owner = "vllm"
    assert "generation_config.json" not in notes()


def test_faults_are_mended_as_for_tgi(openai_stub: OpenaiStub) -> None:
    openai_stub.faults.extend([429, 503, "reset", "truncated"])
    output = chat(openai_stub)
    assert (output.text, output.attempts) == ("shipping", 5)
    openai_stub.always = 429
    assert chat(openai_stub, limits=ONCE).attempts == 1


def test_an_adapter_that_the_server_does_not_know_is_an_error_and_not_the_base(openai_stub: OpenaiStub) -> None:
    output = chat(openai_stub, adapter="tunde")
    assert output.text is None
    assert "The model `tunde` does not exist" in str(output.error)
    with pytest.raises(RequestFailed, match="tunde"):
        use(openai_stub, lambda client: client.prefill("a b", "tunde"))


def test_a_wrong_key_says_where_it_comes_from_and_is_not_shown(openai_stub: OpenaiStub) -> None:
    openai_stub.key = "another"
    with pytest.raises(OutsideError, match=r"refuses the key \(HTTP 401\).*key_env \(serve.openai") as raised:
        chat(openai_stub, key=KEY)
    assert KEY not in str(raised.value)
    assert chat(openai_stub, key="another").text == "shipping"


def test_prefill_is_the_prompt_alone_with_ids_and_ranks(openai_stub: OpenaiStub) -> None:
    openai_stub.logprob = lambda word: {" b": -0.5, " c": -7.0, " d": -9999.0}.get(word, 0.0)
    tokens = use(openai_stub, lambda client: client.prefill("a b c d", None))
    assert [(token.logprob, token.rank) for token in tokens] == [(None, None), (-0.5, 0), (-7.0, None), (None, None)]
    told = openai_stub.posts("/v1/completions")[0]
    assert (told["echo"], told["temperature"], told["logprobs"]) == (True, 0, 1)
    assert len({token.id for token in tokens}) == 4


def test_an_equally_likely_token_beside_it_leaves_the_rank_open(openai_stub: OpenaiStub) -> None:
    openai_stub.logprob = lambda word: -1.0  # as likely as the stub's other token
    tokens = use(openai_stub, lambda client: client.prefill("a b", None))
    assert tokens[1].rank is None


@pytest.mark.parametrize("change", [{"echo": False}, {"ids": False}, {"vllm": False}, {"refuses_completions": 400},
                                    {"refuses_completions": 422}])  # fmt: skip
def test_without_echo_or_ids_or_the_route_there_is_no_prefill(
    openai_stub: OpenaiStub, change: dict[str, object]
) -> None:
    for name, value in change.items():
        setattr(openai_stub, name, value)
    for prompt in ("a b c", "a"):  # one token without echo looks like the prompt's own
        assert use(openai_stub, lambda client, prompt=prompt: client.prefill(prompt, ADAPTER)) == []


def test_a_server_that_fails_is_not_one_without_prefill(openai_stub: OpenaiStub) -> None:
    openai_stub.refuses_completions = 500
    with pytest.raises(RequestFailed, match="HTTP 500"):
        use(openai_stub, lambda client: client.prefill("a b", ADAPTER))


@pytest.mark.parametrize(
    "reply",
    [
        {}, [1], {"choices": [{"logprobs": {"tokens": [1]}}], "usage": {"prompt_tokens": 1, "completion_tokens": 0}},
        {"choices": [{"logprobs": {"tokens": ["token_id:x"], "token_logprobs": [0.0]}}],
         "usage": {"prompt_tokens": 1, "completion_tokens": 0}},
    ],
)  # fmt: skip
def test_a_reply_of_another_form_fails(openai_stub: OpenaiStub, reply: object) -> None:
    async def other(body: object) -> Any:
        return reply

    openai_stub._complete = openai_stub._ids_of = openai_stub._chat = other  # type: ignore[method-assign]
    for call in (
        lambda client: client.prefill("a", None),
        lambda client: client.greedy("a", 2, (), None),
        lambda client: client.chat_tokens(TURNS),
    ):
        with pytest.raises(RequestFailed, match="form of OpenAI's API"):
            use(openai_stub, call)
    assert "form of OpenAI's API" in str(chat(openai_stub).error)


def test_greedy_gives_text_and_ids(openai_stub: OpenaiStub) -> None:
    openai_stub.likeliest = lambda text: " one two three"
    text, ids = use(openai_stub, lambda client: client.greedy("a", 2, ["\n"], None))
    assert text == " one two"
    assert len(set(ids)) == 2
    openai_stub.ids = False
    assert use(openai_stub, lambda client: client.greedy("a", 2, (), None)) == (" one two", [])


def test_offsets_are_not_made_up(openai_stub: OpenaiStub) -> None:
    with pytest.raises(RequestFailed, match="does not tell which characters a token covers"):
        use(openai_stub, lambda client: client.tokenize("a"))


def test_chat_turns_as_tokens_where_the_server_tells(openai_stub: OpenaiStub) -> None:
    assert len(use(openai_stub, lambda client: client.chat_tokens(TURNS)) or []) == 6
    assert openai_stub.asked[0][0] == "/tokenize", "beside /v1"
    openai_stub.vllm = False
    assert use(openai_stub, lambda client: client.chat_tokens(TURNS)) is None


def test_alive_is_vllms_own_word_and_elsewhere_any_answer(openai_stub: OpenaiStub) -> None:
    alive = lambda client: client.alive()  # noqa: E731
    assert use(openai_stub, alive)
    openai_stub.healthy = False
    assert not use(openai_stub, alive)
    openai_stub.vllm = False
    assert use(openai_stub, alive)
    openai_stub.unlisted = True
    assert use(openai_stub, alive)
    openai_stub.dies_after = 0
    assert not use(openai_stub, alive)


def test_info_names_the_models(openai_stub: OpenaiStub) -> None:
    assert use(openai_stub, lambda client: client.info()) == {
        "models": [MODEL, ADAPTER],
        "model_id": "/models/base",
    }
    openai_stub.unlisted = True
    with pytest.raises(OutsideError, match="does not answer"):
        use(openai_stub, lambda client: client.info())


def test_another_hub_model_behind_the_name_is_refused(openai_stub: OpenaiStub) -> None:
    openai_stub.root = "org/other"
    expected = Expected(True, None, "org/name", None, None, False)
    with pytest.raises(OutsideError, match="the server serves 'org/other', but 'org/name' is meant"):
        use(openai_stub, lambda client: preflight(client, ADAPTER, expected))
    assert openai_stub.posts("/v1/chat/completions") == []


def test_a_prompt_that_is_too_long_is_told_as_such(openai_stub: OpenaiStub) -> None:
    """A 400 for one prompt is not a server without log-probabilities: it has those of a short one."""
    openai_stub.longest = 5
    openai_stub.error_text = "This model's maximum context length is 5 tokens."
    with pytest.raises(RequestFailed, match=r"refuses one of 13 characters: HTTP 400.*maximum context length is 5"):
        use(openai_stub, lambda client: client.prefill("a b c d e f g", ADAPTER))
    assert use(openai_stub, lambda client: client.prefill("a b c", ADAPTER))


def test_info_tells_how_much_a_prompt_and_its_answer_may_have(openai_stub: OpenaiStub) -> None:
    openai_stub.max_model_len = 1024
    assert use(openai_stub, lambda client: client.info())["max_total_tokens"] == 1024


def test_llama_cpp_tokenizes_no_chats(openai_stub: OpenaiStub) -> None:
    """Its /tokenize takes texts, and answers turns with HTTP 200 and no token."""

    async def none(body: object) -> Any:
        return {"tokens": []}

    openai_stub._ids_of = none  # type: ignore[method-assign]
    assert use(openai_stub, lambda client: client.chat_tokens(TURNS)) is None


def test_a_server_that_dies_of_a_prompt_is_told_to_have_died_of_it(openai_stub: OpenaiStub) -> None:
    openai_stub.dies_of_prefill = True
    with pytest.raises(RequestFailed, match="the server died while it was asked for prompt log-probabilities") as died:
        use(openai_stub, lambda client: client.prefill("a b", ADAPTER))
    assert "nothing else" in str(died.value)


def test_a_server_that_was_never_there_did_not_die(openai_stub: OpenaiStub) -> None:
    nowhere = OpenaiStub(url="http://127.0.0.1:9")
    with pytest.raises(RequestFailed, match="Cannot connect") as failed:
        use(nowhere, lambda client: client.prefill("a b", ADAPTER))
    assert "died" not in str(failed.value)


def test_one_of_ours_that_dies_of_a_prompt_is_told_with_both(openai_stub: OpenaiStub) -> None:
    openai_stub.dies_of_prefill = True
    watch = lambda: "vllm ended. Its last words: RuntimeError: einsum()." if openai_stub.is_dead else None  # noqa: E731
    limits = Limits(timeout=60.0, attempts=50, first_pause=0.5, longest_pause=0.5, watch=watch)
    with pytest.raises(
        OutsideError, match=r"einsum\(\)\. In other words, the server died while it was asked for prompt"
    ):
        use(openai_stub, lambda client: client.prefill("a b", ADAPTER), limits=limits)


def test_a_url_without_v1_is_told_as_such(openai_stub: OpenaiStub) -> None:
    async def main() -> str:
        async with OpenaiClient(openai_stub.url, MODEL, None, 4, QUICK) as client:
            with pytest.raises(OutsideError, match="does not end in /v1"):
                await client.info()
            return str((await client.chat("s1", TURNS, Generation(), None)).error)

    openai_stub.unlisted = True
    assert "does not end in /v1" in asyncio.run(main())


def test_prompts_with_log_probabilities_go_one_at_a_time_and_answers_together(openai_stub: OpenaiStub) -> None:
    openai_stub.delay = 0.05

    async def call(client: Client) -> None:
        chats = [client.chat(f"s{place}", TURNS, Generation(), ADAPTER) for place in range(6)]
        prefills = [client.prefill(f"a {place}", ADAPTER) for place in range(6)]
        await asyncio.gather(*(one for pair in zip(chats, prefills, strict=True) for one in pair))

    use(openai_stub, call)
    assert openai_stub.beside_prefill == 0
    assert openai_stub.most_in_flight > 1


def test_among_users_a_model_is_proven_again_by_texts(openai_stub: OpenaiStub) -> None:
    """A router's users ask at the same time, and a prompt's log-probabilities beside them end vLLM with LoRA."""

    async def call(client: Client) -> int:
        known = await by_texts(client, ADAPTER, await model_reference(client, ADAPTER, None, None, adapted=True))
        assert (known.prompts, len(known.texts)) == ((), 3)
        before = len(openai_stub.posts("/v1/completions"))
        await Guard(known, ADAPTER).whole(client)
        openai_stub.answer = lambda text, adapter: "another"
        with pytest.raises(ModelMismatch):
            await Guard(known, ADAPTER).whole(client)
        return len(openai_stub.posts("/v1/completions")) - before

    assert use(openai_stub, call) == 0
