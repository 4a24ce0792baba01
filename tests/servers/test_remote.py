"""A server that runs elsewhere: told by what it says of itself, with a key that nothing shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import ConfigError, OutsideError
from harness.servers.interface import Artefacts
from harness.servers.remote import Remote
from tests.tgi_stub import Stub

NOTHING = Artefacts(Path(), (), Path())


def test_the_identity_is_what_the_server_says(stub: Stub) -> None:
    stub.info |= {"model_sha": "abc", "max_input_tokens": 5, "docker_label": None}
    told = Remote(stub.url + "/", adapter_id="tuned").identity()
    assert told == {
        "kind": "remote", "url": stub.url, "adapter_id": "tuned", "model_id": "stub",
        "model_sha": "abc", "version": "3.3.7", "prefill_logprobs": True,
    }  # fmt: skip


@pytest.mark.parametrize("key", ["model_id", "model_sha", "model_dtype", "version", "sha", "docker_label"])
def test_another_model_or_version_is_another_identity(stub: Stub, key: str) -> None:
    before = Remote(stub.url).identity()
    stub.info |= {key: "changed"}
    assert Remote(stub.url).identity() != before


def test_a_restart_with_prefill_logprobs_is_another_identity(stub: Stub) -> None:
    stub.prefill = False
    before = Remote(stub.url).identity()
    stub.prefill = True
    assert (before["prefill_logprobs"], Remote(stub.url).identity()["prefill_logprobs"]) == (False, True)


def test_a_server_that_refuses_the_probe_gives_none(stub: Stub) -> None:
    stub.always = 422
    assert Remote(stub.url).identity()["prefill_logprobs"] is False


def test_a_busy_server_is_asked_again(stub: Stub) -> None:
    stub.faults.extend([429, "reset", "truncated"])
    assert Remote(stub.url).identity()["prefill_logprobs"] is True


def test_a_server_that_stays_busy_is_not_one_without_logprobs(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.servers.remote._PAUSES", (0.0, 0.01))
    stub.always = 503
    with pytest.raises(OutsideError, match="does not answer /generate: HTTP Error 503"):
        Remote(stub.url).identity()


def test_a_wrong_key_is_no_answer(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TGI_KEY", "wrong")
    stub.key = "right"
    with pytest.raises(OutsideError, match=r"refuses the key \(HTTP 401\)") as failed:
        Remote(stub.url, "TGI_KEY").identity()
    assert "wrong" not in str(failed.value)


def test_proxy_variables_change_nothing(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert Remote(stub.url).identity()["model_id"] == "stub"


def test_the_key_comes_from_the_environment_and_is_not_shown(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TGI_KEY", "very-secret")
    server = Remote(stub.url, "TGI_KEY")
    with server.running(NOTHING) as endpoint:
        assert endpoint.key == "very-secret"
        assert "very-secret" not in repr(endpoint)
    assert "very-secret" not in repr(server.identity())
    assert stub.asked[0][2] == "Bearer very-secret"


@pytest.mark.parametrize("value", [None, ""])
def test_a_key_that_is_not_set_is_named(stub: Stub, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("TGI_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("TGI_KEY", value)
    with pytest.raises(ConfigError, match="TGI_KEY is not set"), Remote(stub.url, "TGI_KEY").running(NOTHING):
        pass


@pytest.mark.parametrize("info", [[1], "text", None])
def test_an_info_of_another_form_is_an_outside_error(stub: Stub, info: object) -> None:
    stub.info = info  # type: ignore[assignment]
    with pytest.raises(OutsideError, match="does not answer /info"):
        Remote(stub.url).identity()


def test_a_server_that_is_not_there_is_an_outside_error(stub: Stub) -> None:
    stub.dies_after = 0
    for url in (stub.url, "http://127.0.0.1:9"):
        with pytest.raises(OutsideError, match="does not answer /info"):
            Remote(url).identity()
