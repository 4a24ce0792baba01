"""The client mends what another attempt may mend, and nothing else; each sample ends as exactly one output."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from harness.client.ask import Question, ask_all
from harness.client.tgi import Limits, RequestFailed, TgiClient
from harness.core.errors import OutsideError
from harness.core.releases import Generation
from harness.core.samples import Output
from tests.tgi_stub import ADAPTER, Stub

T = TypeVar("T")
QUICK = Limits(timeout=2.0, attempts=4, first_pause=0.01, longest_pause=0.02, health=2.0)
KEY = "secret-key-of-the-server"


def use(stub: Stub, call: Callable[[TgiClient], Awaitable[T]], limits: Limits = QUICK, key: str | None = None) -> T:
    async def main() -> T:
        async with TgiClient(stub.url, key, 4, limits) as client:
            return await call(client)

    return asyncio.run(main())


def chat(stub: Stub, generation: Generation = Generation(), limits: Limits = QUICK, key: str | None = None) -> Output:  # noqa: B008
    messages = [{"role": "user", "content": "a parcel is late: shipping"}]
    return use(stub, lambda client: client.chat("s1", messages, generation, ADAPTER), limits, key)


def ask(stub: Stub, count: int, workers: int = 4) -> list[tuple[str, Output]]:
    kept: list[tuple[str, Output]] = []
    turn = Generation(max_new_tokens=8)
    questions = [
        Question("t", f"s{i}", [{"role": "user", "content": f"{i} shipping"}], turn, ADAPTER) for i in range(count)
    ]
    use(stub, lambda client: ask_all(client, questions, workers, lambda task, output: kept.append((task, output))))
    return kept


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


@pytest.mark.parametrize("fault", [408, 424, 429, 500, 502, 503, 504, "reset", "truncated", "empty"])
def test_what_may_pass_is_tried_again(stub: Stub, fault: int | str) -> None:
    stub.faults.extend([fault] * 3)
    assert chat(stub).text == "shipping"
    assert len(stub.asked) == 4


@pytest.mark.parametrize("fault", [429, "reset", "truncated"])
def test_attempts_are_bounded_and_the_error_is_no_text(stub: Stub, fault: int | str) -> None:
    stub.always = fault
    output = chat(stub)
    assert output.text is None
    assert "(4 attempts)" in str(output.error)
    assert len(stub.asked) == 4


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refused_request_is_not_repeated(stub: Stub, status: int) -> None:
    stub.always = status
    output = chat(stub)
    assert output.text is None
    assert f"HTTP {status}" in str(output.error)
    assert "told to fail" in str(output.error)
    assert len(stub.asked) == 1


def test_a_hanging_server_is_given_up_in_time(stub: Stub) -> None:
    stub.always = "hang"
    output = chat(stub, limits=Limits(timeout=0.1, attempts=2, first_pause=0.01))
    assert "timed out" in str(output.error)


def test_a_wrong_key_ends_everything_at_once_and_is_not_shown(stub: Stub) -> None:
    stub.key = "another"
    with pytest.raises(OutsideError, match=r"refuses the key \(HTTP 401\).*key_env") as raised:
        chat(stub, key=KEY)
    assert KEY not in str(raised.value)
    assert len(stub.asked) == 1


def test_the_key_is_sent_and_never_comes_back_in_an_error(stub: Stub) -> None:
    stub.key, stub.always, stub.error_text = KEY, 422, f"Bearer {KEY} is bad"
    output = chat(stub, key=KEY)
    assert stub.asked[0][2] == f"Bearer {KEY}"
    assert "is bad" in str(output.error)
    assert KEY not in repr(output)
    assert KEY not in repr(TgiClient(stub.url, KEY))


@pytest.mark.parametrize("reply", [{}, {"choices": []}, {"choices": [{"message": None}]}, [1], 7, None])
def test_a_reply_of_another_form_is_an_error_of_the_request(stub: Stub, reply: object) -> None:
    async def other(body: object) -> object:
        return reply if not isinstance(reply, int) else [reply]

    stub._chat = other  # type: ignore[method-assign, assignment]
    output = chat(stub)
    assert output.text is None
    assert "has not the form of TGI's" in str(output.error)


@pytest.mark.parametrize("call", ["prefill", "greedy", "tokenize"])
def test_other_routes_refuse_another_form_too(stub: Stub, call: str) -> None:
    async def other(body: object) -> object:
        return {"generated_text": "x"}

    stub._generate = stub._tokenize = other  # type: ignore[method-assign, assignment]
    calls = {
        "prefill": lambda client: client.prefill("a b", None),
        "greedy": lambda client: client.greedy("a", 2, (), None),
        "tokenize": lambda client: client.tokenize("a"),
    }
    with pytest.raises(RequestFailed, match="form of TGI's"):
        use(stub, calls[call])


def test_the_stop_string_is_cut_off(stub: Stub) -> None:
    stub.answer = lambda text, adapter: "shipping\n### and more"
    assert chat(stub, Generation(stop=("###", "\n"))).text == "shipping"


def test_no_content_is_an_empty_answer_and_no_error(stub: Stub) -> None:
    stub.answer = lambda text, adapter: ""
    assert chat(stub).text == ""
    assert chat(stub).error is None


def test_at_most_so_many_are_in_flight_and_each_sample_is_answered_once(stub: Stub) -> None:
    stub.delay = 0.01
    stub.faults.extend([503, "reset", 429, "truncated"])
    kept = ask(stub, 40, workers=3)
    assert stub.most_in_flight == 3
    assert sorted(output.sample_id for _, output in kept) == sorted(f"s{i}" for i in range(40))
    assert all(output.text == "shipping" and task == "t" for task, output in kept)


def test_the_pool_itself_bounds_what_is_in_flight(stub: Stub) -> None:
    stub.delay = 0.01
    ask(stub, 40, workers=20)
    assert stub.most_in_flight == 4


def test_one_bad_sample_is_one_error_and_the_rest_are_answered(stub: Stub) -> None:
    stub.refused = lambda text: 422 if text.startswith("7 ") else None
    outputs = {output.sample_id: output for _, output in ask(stub, 12)}
    assert len(outputs) == 12
    assert [name for name, output in outputs.items() if output.error] == ["s7"]


def test_a_server_that_dies_ends_the_asking_and_leaves_no_errors_behind(stub: Stub) -> None:
    stub.dies_after = 10
    kept: list[tuple[str, Output]] = []
    questions = [Question("t", f"s{i}", [{"role": "user", "content": "x"}], Generation(), None) for i in range(40)]
    with pytest.raises(ExceptionGroup) as raised:
        use(stub, lambda client: ask_all(client, questions, 2, lambda task, output: kept.append((task, output))))
    assert raised.group_contains(OutsideError, match="is gone")
    assert len(kept) == stub.answered
    assert all(output.error is None for _, output in kept)


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
