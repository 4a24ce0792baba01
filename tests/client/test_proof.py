"""Nothing is 'proven' unless the adapter's numbers differ from the base model's by more than noise."""

from __future__ import annotations

import asyncio

import pytest

from harness.client.interface import Limits
from harness.client.proof import PROVEN, prove
from harness.client.tgi import TgiClient
from harness.core.errors import OutsideError
from tests.tgi_stub import ADAPTER, Stub


def proof(stub: Stub, adapter: str | None = ADAPTER) -> str:
    async def main() -> str:
        async with TgiClient(stub.url, limits=Limits(attempts=2, first_pause=0.01)) as client:
            return await prove(client, adapter)

    return asyncio.run(main())


def test_other_numbers_prove_the_adapter(stub: Stub) -> None:
    assert proof(stub) == PROVEN


def test_the_base_in_the_adapters_place_stops_everything(stub: Stub) -> None:
    stub.adapter_shift = 0.0
    with pytest.raises(OutsideError, match=f"for the adapter '{ADAPTER}' exactly as the base model does"):
        proof(stub)


def test_an_adapter_that_tgi_does_not_know_is_the_base(stub: Stub) -> None:
    with pytest.raises(OutsideError, match="exactly as the base model does"):
        proof(stub, "tunde")


def test_a_difference_too_small_to_be_an_adapter_is_none(stub: Stub) -> None:
    stub.adapter_shift = 5e-5
    with pytest.raises(OutsideError, match="exactly as the base"):
        proof(stub)


def test_noise_proves_nothing(stub: Stub) -> None:
    stub.adapter_shift, stub.noise = 0.0, 0.01
    assert proof(stub).startswith("not proven: the base model's own log-probabilities change as much")


def test_an_adapter_stands_out_of_noise(stub: Stub) -> None:
    stub.noise = 0.01
    assert proof(stub) == PROVEN


def test_without_a_name_nothing_is_proven_and_nothing_asked(stub: Stub) -> None:
    assert proof(stub, None).startswith("not proven: the server was given no adapter name")
    assert stub.asked == []


def test_an_empty_prefill_proves_nothing(stub: Stub) -> None:
    stub.prefill = False
    assert "--enable-prefill-logprobs" in proof(stub)
    assert proof(stub).startswith("not proven")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_numbers_that_are_none_prove_nothing(stub: Stub, value: float | None) -> None:
    stub.logprob = lambda word: value
    assert proof(stub).startswith("not proven")


def test_a_refused_adapter_is_told(stub: Stub) -> None:
    stub.always = 422
    with pytest.raises(OutsideError, match=f"no answer for the adapter '{ADAPTER}': HTTP 422"):
        proof(stub)


def test_a_server_without_the_base_proves_nothing(stub: Stub) -> None:
    stub.serves_base = False
    assert proof(stub).startswith("not proven: the server does not answer as the base model")
