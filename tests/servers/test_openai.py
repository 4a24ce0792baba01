"""A server with OpenAI's API: told by what it says of both models, with a key that nothing shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.core.errors import ConfigError, OutsideError
from harness.servers.interface import Adapter, Artefacts
from harness.servers.openai import Openai
from tests.openai_stub import MODEL, OpenaiStub
from tests.tgi_stub import ADAPTER, running

OURS, OTHER = Adapter("candidate", "d1", Path()), Adapter("version-3", "d2", Path())


@pytest.fixture
def vllm() -> Iterator[OpenaiStub]:
    stub = OpenaiStub()
    with running(stub):
        yield stub


def server(stub: OpenaiStub, adapter: str | None = ADAPTER, key_env: str | None = None) -> Openai:
    return Openai(f"{stub.url}/v1/", MODEL, adapter, key_env)


def test_the_identity_is_what_the_server_says_of_both_models(vllm: OpenaiStub) -> None:
    assert server(vllm).identity() == {
        "kind": "openai", "url": f"{vllm.url}/v1", "model": MODEL, "adapter": ADAPTER, "version": "0.32.0",
        f"{MODEL}.root": "/models/base", f"{MODEL}.owned_by": "stub",
        f"{ADAPTER}.root": "/models/tuned", f"{ADAPTER}.parent": MODEL,
    }  # fmt: skip


@pytest.mark.parametrize(("owner", "told"), [("vllm", True), ("sglang", True), ("stub", False)])
def test_the_identity_says_that_the_model_s_own_sampling_does_not_count(
    vllm: OpenaiStub, owner: str, told: bool
) -> None:
    vllm.owner = owner
    assert server(vllm).identity().get("sampling") == ("neutral" if told else None)


def test_it_stays_the_same_until_the_server_changes(vllm: OpenaiStub) -> None:
    before = server(vllm).identity()
    assert server(vllm).identity() == before, "the time of a listing is no part of it"
    vllm.version = "0.33.0"
    other_version = server(vllm).identity()
    vllm.root = "/models/another"
    assert len({str(before), str(other_version), str(server(vllm).identity())}) == 3


def test_a_url_that_serves_another_model_is_refused(vllm: OpenaiStub) -> None:
    told = f"does not serve 'mine' \\(serve.openai.model\\), but {MODEL}, {ADAPTER}"
    with pytest.raises(OutsideError, match=told):
        Openai(f"{vllm.url}/v1", "mine").identity()


def test_a_server_with_chat_alone_is_told_by_its_names(vllm: OpenaiStub) -> None:
    vllm.vllm, vllm.unlisted = False, True
    named = {"kind": "openai", "url": f"{vllm.url}/v1", "model": MODEL, "adapter": None}
    assert server(vllm, None).identity() == named


def test_adapters_answer_under_their_names(vllm: OpenaiStub) -> None:
    with server(vllm).running(Artefacts(Path(), (OURS, OTHER), Path())) as endpoint:
        assert (endpoint.url, endpoint.api, endpoint.base) == (f"{vllm.url}/v1", "openai", MODEL)
        assert endpoint.adapters == {"d1": ADAPTER, "d2": "version-3"}
    with server(vllm, None).running(Artefacts(Path(), (OURS,), Path())) as endpoint:
        assert endpoint.adapters == {}, "the base never stands in for an adapter without a name"


def test_the_key_comes_from_the_environment_and_is_not_shown(vllm: OpenaiStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_KEY", "very-secret")
    vllm.key = "very-secret"
    found = server(vllm, key_env="VLLM_KEY")
    with found.running(Artefacts(Path(), (), Path())) as endpoint:
        assert endpoint.key == "very-secret"
        assert "very-secret" not in repr(endpoint) + repr(found) + repr(found.identity())
    vllm.key = "another"
    with pytest.raises(OutsideError, match=r"HTTP 401.*refuses the key.*key_env") as raised:
        found.identity()
    assert "very-secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "said"), [(None, "is not set"), ("", "is not set"), ("very-secret\n", "holds a line break")]
)
def test_a_key_that_cannot_be_sent_is_named_and_not_shown(
    vllm: OpenaiStub, monkeypatch: pytest.MonkeyPatch, value: str | None, said: str
) -> None:
    monkeypatch.delenv("VLLM_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("VLLM_KEY", value)
    with pytest.raises(ConfigError, match=said) as raised:
        server(vllm, key_env="VLLM_KEY").identity()
    assert "VLLM_KEY" in str(raised.value)
    assert "very-secret" not in str(raised.value)


def test_a_server_that_is_not_there_is_an_outside_error(vllm: OpenaiStub) -> None:
    vllm.dies_after = 0
    for url in (f"{vllm.url}/v1", "http://127.0.0.1:9/v1"):
        with pytest.raises(OutsideError, match="does not answer"):
            Openai(url, MODEL).identity()
