"""Another model than the one meant is refused before the first sample; what cannot be checked is said."""

from __future__ import annotations

import asyncio
import re
import zlib
from dataclasses import replace

import pytest

from harness.client.interface import Limits
from harness.client.preflight import BASE_ITSELF, Expected, Preflight, preflight
from harness.client.proof import PROVEN
from harness.client.tgi import TgiClient
from harness.core.errors import ExitCode, OutsideError
from harness.core.fingerprints import Chat, Fingerprint, ScoredPrompt
from tests.tgi_stub import ADAPTER, Stub, words

TURNS = ({"role": "user", "content": "where is it"}, {"role": "assistant", "content": "on its way"})
REVISION = "0123456789" * 4


def ids(text: str) -> tuple[int, ...]:
    return tuple(zlib.crc32(word.encode()) for word in words(text))


def scored(text: str) -> ScoredPrompt:
    """What the stub says, in the record of a training."""
    base = tuple(-0.1 * (number % 50) for number in ids(text)[1:])
    return ScoredPrompt(text, ids(text), base, tuple(value - 0.5 for value in base))


FINGERPRINT = Fingerprint(
    "float32",
    tuple(scored(text) for text in ("the cat sat on the mat", "where is my order", '{"a": 1, "b": 2}')),
    Chat(TURNS, ids("<user> where is it<assistant> on its way")),
)
EXPECTED = Expected(
    adapted=True, fingerprint=FINGERPRINT, model_id=None, revision=None, dtype="float32", needs_prefill=False
)


def fly(stub: Stub, expected: Expected = EXPECTED, adapter: str | None = ADAPTER) -> Preflight:
    async def main() -> Preflight:
        limits = Limits(attempts=2, first_pause=0.01, longest_pause=0.01, patience=0.1, health=30.0)
        async with TgiClient(stub.url, limits=limits) as client:
            return await preflight(client, adapter, expected)

    return asyncio.run(main())


def refused(stub: Stub, message: str, expected: Expected = EXPECTED, adapter: str | None = ADAPTER) -> None:
    with pytest.raises(OutsideError, match=message) as error:
        fly(stub, expected, adapter)
    assert error.value.exit_code is ExitCode.OUTSIDE
    assert stub.posts("/v1/chat/completions") == []


def test_the_adapter_that_was_trained_passes_without_a_word(stub: Stub) -> None:
    found = fly(stub)
    assert (found.proof, found.notes, found.proven) == (PROVEN, (), True)


def test_the_base_passes_by_its_own_numbers(stub: Stub) -> None:
    found = fly(stub, replace(EXPECTED, adapted=False), None)
    assert (found.proof, found.notes, found.proven) == (BASE_ITSELF, (), True)


def test_an_unhealthy_server_is_refused(stub: Stub) -> None:
    stub.healthy = False
    refused(stub, "the server is not healthy")


def test_a_server_that_fails_a_request_is_refused(stub: Stub) -> None:
    stub.always = 500
    refused(stub, "failed a request before the first sample", replace(EXPECTED, adapted=False), None)


HUB = replace(EXPECTED, model_id="org/name", revision=REVISION)


@pytest.mark.parametrize("sha", [REVISION, None])
def test_the_same_hub_model_passes(stub: Stub, sha: str | None) -> None:
    stub.info |= {"model_id": "org/name", "model_sha": sha}
    assert fly(stub, HUB).notes == ()


def test_another_hub_model_is_refused(stub: Stub) -> None:
    stub.info |= {"model_id": "org/other", "model_sha": REVISION}
    refused(stub, "serves 'org/other', but 'org/name' is meant", HUB)


def test_another_revision_is_refused(stub: Stub) -> None:
    stub.info |= {"model_id": "org/name", "model_sha": "f" * 40}
    refused(stub, f"at revision f+, but {REVISION} is meant", HUB)


@pytest.mark.parametrize(
    ("info", "note"),
    [
        ({"model_id": "/data/model"}, "calls its model '/data/model', which cannot be compared"),
        ({"model_id": None}, "does not name its model"),
        ({"model_id": "org/name"}, "does not tell which revision of 'org/name'"),
    ],
)
def test_a_name_that_cannot_be_compared_is_noted_where_nothing_else_decides(
    stub: Stub, info: dict[str, str | None], note: str
) -> None:
    stub.info |= info
    assert any(note in said for said in fly(stub, replace(HUB, fingerprint=None)).notes)
    assert fly(stub, HUB).notes == ()
    assert not any("model" in said.split(",")[0] for said in fly(stub, replace(EXPECTED, fingerprint=None)).notes[1:])


def test_the_base_in_the_adapters_place_is_refused(stub: Stub) -> None:
    stub.adapter_shift = 0.0
    refused(stub, "exactly as the base model does")


def test_prefill_is_needed_where_a_task_scores_texts(stub: Stub) -> None:
    stub.prefill = False
    refused(stub, "lm-eval tasks need.*--enable-prefill-logprobs", replace(EXPECTED, needs_prefill=True))


def test_without_prefill_nothing_is_proven_and_it_is_said(stub: Stub) -> None:
    stub.prefill = False
    found = fly(stub)
    assert not found.proven
    assert found.proof.startswith("not proven: the server gives no prefill")
    assert [note for note in found.notes if "not compared with those that training recorded" in note]


def test_another_chat_template_is_refused_with_the_first_token_that_differs(stub: Stub) -> None:
    stub.chat_template = "<{role}> {content} <end>"
    ours, theirs = ids("<user> where is it<assistant> on its way"), ids("<user> where is it <end><assistant>")
    refused(stub, f"at token 3 the server has {theirs[3]}, training had {ours[3]}")


def test_a_template_that_adds_tokens_at_the_end_is_refused(stub: Stub) -> None:
    shorter = replace(FINGERPRINT, chat=Chat(TURNS, ids("<user> where is it<assistant> on its way")[:-1]))
    refused(stub, r"at token \d+ the server has \d+, training had nothing", replace(EXPECTED, fingerprint=shorter))


def test_a_template_that_cannot_be_compared_is_noted(stub: Stub) -> None:
    stub.chat_template = None
    assert ["no route" in note for note in fly(stub).notes] == [True]
    without = replace(EXPECTED, fingerprint=replace(FINGERPRINT, chat=None))
    assert ["training recorded no tokens" in note for note in fly(stub, without).notes] == [True]


def shifted(by: float, dtype: str = "float32") -> Expected:
    """A record whose every number is off by so many nats."""
    prompts = tuple(
        replace(one, base=tuple(x - by for x in one.base), adapter=tuple(x - by for x in one.adapter))
        for one in FINGERPRINT.prompts
    )
    return replace(EXPECTED, fingerprint=Fingerprint(dtype, prompts, FINGERPRINT.chat), dtype=dtype)


def apart(distance: float, dtype: str | None, recorded: str = "float32") -> Expected:
    """A record whose adapter is so many nats from its base; the stub's has to be told the same."""
    prompts = tuple(replace(one, adapter=tuple(x - distance for x in one.base)) for one in FINGERPRINT.prompts)
    return replace(EXPECTED, fingerprint=Fingerprint(recorded, prompts, FINGERPRINT.chat), dtype=dtype)


def test_numbers_within_the_limit_pass(stub: Stub) -> None:
    assert fly(stub, shifted(0.04)).proven
    stub.adapter_shift = 1.0
    assert fly(stub, apart(0.95, "bfloat16")).proven


def test_numbers_beyond_the_limit_are_refused(stub: Stub) -> None:
    refused(stub, r"for the adapter 'tuned' differ .* by 0\.06 nats a token \(at most 0\.05 may\)", shifted(0.06))


@pytest.mark.parametrize("wrong", [0.19, 0.22, 0.30, 0.43])
@pytest.mark.parametrize("dtype", [None, "float32", "bfloat16"])
def test_half_loaded_and_altered_weights_are_refused(stub: Stub, wrong: float, dtype: str | None) -> None:
    """As real servers gave them, with an adapter that is 0.97 nats from its base: all passed the limit of 0.5."""
    stub.adapter_shift = 0.97 - wrong
    refused(stub, "for the adapter 'tuned' differ from the record's", apart(0.97, dtype))


def test_the_right_weights_in_half_precision_pass(stub: Stub) -> None:
    stub.adapter_shift = 0.97 + 0.0485
    assert fly(stub, apart(0.97, "bfloat16")).proven
    assert fly(stub, apart(0.97, None)).proven
    refused(stub, "differ", replace(apart(0.4, "bfloat16"), dtype="float32"))


def test_a_quantised_base_may_differ_by_more_and_only_by_word(stub: Stub) -> None:
    stub.adapter_shift = 0.97 - 0.12
    refused(stub, "Where its base model is quantised, say so", apart(0.97, "float16"))
    assert fly(stub, apart(0.97, "quantized")).proven


def test_an_adapter_at_another_strength_is_refused_where_it_moves_little(stub: Stub) -> None:
    """0.05 nats are within the rounding of half precision; its whole effect is 0.2."""
    stub.adapter_shift = 0.15
    refused(stub, "at 75% of the strength that the record has", apart(0.2, "bfloat16"))


def test_what_the_record_cannot_tell_is_said(stub: Stub) -> None:
    stub.adapter_shift = 0.1
    found = fly(stub, apart(0.1, "bfloat16"))
    assert [note for note in found.notes if "a small part of its weights that is missing would not be seen" in note]


def test_a_single_token_may_be_far_off_where_the_server_rounds(stub: Stub) -> None:
    def off(word: str) -> float:
        return -0.1 * (zlib.crc32(word.encode()) % 50) - (0.2 if word == " mat" else 0.0)

    stub.logprob = off
    refused(stub, r"differ .* by 0\.2 nats a token")
    assert fly(stub, replace(EXPECTED, dtype="bfloat16")).proven


@pytest.mark.parametrize(("ours", "theirs"), [("float32", "bfloat16"), ("bfloat16", "float32"), ("float32", None)])
def test_the_narrow_limit_needs_float32_on_both_sides(stub: Stub, ours: str, theirs: str | None) -> None:
    rounded = replace(shifted(0.055), dtype=theirs)
    assert rounded.fingerprint is not None
    assert fly(stub, replace(rounded, fingerprint=replace(rounded.fingerprint, dtype=ours))).proven


@pytest.mark.parametrize(("trained", "served"), [(0.08, 0.035), (0.01, 0.002)])
def test_numbers_nearer_to_the_base_are_refused_within_the_limit_too(stub: Stub, trained: float, served: float) -> None:
    prompts = tuple(replace(one, adapter=tuple(x - trained for x in one.base)) for one in FINGERPRINT.prompts)
    expected = replace(EXPECTED, fingerprint=replace(FINGERPRINT, prompts=prompts), dtype="bfloat16")
    stub.adapter_shift = trained
    assert fly(stub, expected).proven
    stub.adapter_shift = served
    refused(stub, "nearer to the base model's than to the adapter's", expected)


def test_an_adapter_merged_into_the_base_is_not_the_base(stub: Stub) -> None:
    stub.logprob = lambda word: -0.1 * (zlib.crc32(word.encode()) % 50) - 0.5
    refused(stub, "nearer to the adapter's than to the base model's", replace(EXPECTED, adapted=False), None)


def test_a_server_without_names_is_compared_with_the_adapters_record_but_proves_nothing(stub: Stub) -> None:
    refused(stub, "for the model are nearer to the base model's", EXPECTED, None)
    stub.logprob = lambda word: -0.1 * (zlib.crc32(word.encode()) % 50) - 0.5
    found = fly(stub, EXPECTED, None)
    assert found.proof.startswith("not proven: the server was given no adapter name")
    assert not found.proven


def test_a_server_without_the_base_is_compared_too_but_proves_nothing(stub: Stub) -> None:
    stub.serves_base = False
    assert not fly(stub).proven
    refused(stub, "differ from the record's", shifted(0.06))


def test_another_tokenizer_is_refused(stub: Stub) -> None:
    first = FINGERPRINT.prompts[0]
    other = replace(first, ids=(*first.ids[:2], 7, *first.ids[3:]))
    expected = replace(EXPECTED, fingerprint=replace(FINGERPRINT, prompts=(other,)))
    refused(stub, f"tokenizer reads 'the cat.*at token 2 the server has {first.ids[2]}, training had 7", expected)


def test_numbers_that_are_none_are_no_agreement(stub: Stub) -> None:
    broken = zlib.crc32(b" mat")
    stub.logprob = lambda word: None if word == " mat" else -0.1 * (zlib.crc32(word.encode()) % 50)
    assert broken in FINGERPRINT.prompts[0].ids
    refused(stub, "no finite log-probability for some tokens of 'the cat")


def test_no_record_is_noted(stub: Stub) -> None:
    found = fly(stub, replace(EXPECTED, fingerprint=None))
    assert found.proven
    assert [bool(re.search("no training of ours recorded", note)) for note in found.notes] == [True]
