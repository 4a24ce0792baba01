"""A dedicated endpoint: made once, never overwritten, waited for, paused whatever ends the block, its token unseen."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.errors import ConfigError, OutsideError
from harness.pipeline.validate import validate
from harness.servers.inference_endpoint import InferenceEndpoint
from harness.servers.interface import Adapter, Artefacts
from tests.pipeline.release_project import make_project
from tests.servers.hub_stub import Hub
from tests.tgi_stub import Stub, running

pytest.importorskip("huggingface_hub")

OURS = Adapter("candidate", "d1", Path())
SERVER = InferenceEndpoint(
    name="desk", namespace="acme", repository="meta/llama", revision="a" * 40, adapter=f"acme/tuned@{'b' * 40}",
    start=2.0,
)  # fmt: skip


@pytest.fixture
def hub(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr("harness.servers.inference_endpoint._LOOK", 0.02)
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with running(Hub(stub.url)) as hub:  # type: ignore[type-var]
        monkeypatch.setattr("huggingface_hub.constants.INFERENCE_ENDPOINTS_ENDPOINT", f"{hub.url}/v2")
        yield hub


@pytest.fixture
def artefacts(tmp_path: Path) -> Artefacts:
    return Artefacts(tmp_path, (OURS,), tmp_path / "logs/server.log")


def test_it_is_made_awaited_asked_and_paused(hub: Hub, artefacts: Artefacts) -> None:
    with SERVER.running(artefacts) as endpoint:
        assert endpoint.adapters == {"d1": "acme/tuned"}
        assert endpoint.key == "hf_right"
        assert "hf_right" not in repr(endpoint) + repr(SERVER.identity())
        with urllib.request.urlopen(f"{endpoint.url}/info", timeout=60) as reply:
            assert reply.status == 200
    assert [verb for verb, _ in hub.asked] == ["GET", "POST", "GET", "pause"]
    made = hub.asked[1][1]
    assert made["model"]["env"] == {
        "MODEL_ID": "/repository", "ENABLE_PREFILL_LOGPROBS": "true", "USAGE_STATS": "off",
        "LORA_ADAPTERS": f"acme/tuned@{'b' * 40}",
    }  # fmt: skip
    assert made["model"]["image"]["custom"] == {"health_route": "/health", "url": SERVER.image, "port": 80}
    assert (made["model"]["repository"], made["model"]["revision"]) == ("meta/llama", "a" * 40)
    assert made["type"] == "protected"
    assert "initializing" in artefacts.log.read_text()
    assert "hf_right" not in artefacts.log.read_text()


def test_one_that_is_there_is_resumed_and_not_made_again(hub: Hub, artefacts: Artefacts) -> None:
    for _ in range(2):
        with SERVER.running(artefacts):
            pass
    verbs = [verb for verb, _ in hub.asked]
    assert verbs.count("POST") == 1
    assert "resume" in verbs
    with replace(SERVER, keep=True).running(artefacts):
        pass
    assert [verb for verb, _ in hub.asked][-1] != "pause"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"revision": "c" * 40}, "revision is 'aaaa"),
        ({"image": "other"}, "image is "),
        ({"instance_size": "x4"}, "instance_size is 'x1', not 'x4'"),
        ({"adapter": f"acme/tuned@{'d' * 40}"}, "LORA_ADAPTERS is 'acme/tuned@bbb"),
        ({"adapter": None}, "LORA_ADAPTERS is set"),
    ],
)
def test_one_with_other_settings_is_left_alone(
    hub: Hub, artefacts: Artefacts, change: dict[str, str | None], said: str
) -> None:
    with SERVER.running(artefacts):
        pass
    before = len(hub.asked)
    other = replace(SERVER, **change)  # type: ignore[arg-type]
    with pytest.raises(OutsideError, match="exists with other settings") as failed, other.running(artefacts):
        pass
    assert said in str(failed.value)
    assert [verb for verb, _ in hub.asked[before:]] == ["GET"]


def test_one_that_fails_or_takes_too_long_is_paused_and_told(hub: Hub, artefacts: Artefacts) -> None:
    hub.states = ("initializing", "failed")
    with pytest.raises(OutsideError, match="'desk' failed to start: out of GPUs"), SERVER.running(artefacts):
        pass
    assert hub.asked[-1][0] == "pause"
    hub.states = ("initializing",)
    told = r"was not running after 0 s .* it is initializing"
    with pytest.raises(OutsideError, match=told), replace(SERVER, start=0.2).running(artefacts):
        pass
    assert hub.asked[-1][0] == "pause"


def test_one_that_cannot_be_paused_is_said_beside_the_first_error(hub: Hub, artefacts: Artefacts) -> None:
    hub.refuses["pause"] = 500
    with pytest.raises(OutsideError, match="It may still run, and cost"), SERVER.running(artefacts):
        pass
    with pytest.raises(OutsideError, match=r"^first\. It may still run"), SERVER.running(artefacts):
        raise OutsideError("first.")


def test_an_interrupt_pauses_it(hub: Hub, artefacts: Artefacts) -> None:
    with pytest.raises(KeyboardInterrupt), SERVER.running(artefacts):
        raise KeyboardInterrupt
    assert hub.asked[-1][0] == "pause"


def test_a_wrong_token_is_told_and_not_shown(hub: Hub, artefacts: Artefacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(OutsideError, match=r"refuses.*'desk'.*may not manage") as failed, SERVER.running(artefacts):
        pass
    assert "hf_wrong" not in str(failed.value)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(ConfigError, match="HF_TOKEN is not set"), SERVER.running(artefacts):
        pass


def test_offline_and_unreachable_are_one_sentence(
    hub: Hub, artefacts: Artefacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.INFERENCE_ENDPOINTS_ENDPOINT", "http://127.0.0.1:9/v2")
    with pytest.raises(OutsideError, match="cannot be reached"), SERVER.running(artefacts):
        pass
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(OutsideError, match="HF_HUB_OFFLINE is set"), SERVER.running(artefacts):
        pass


def test_a_second_adapter_is_refused_and_none_is_the_base_alone(hub: Hub, artefacts: Artefacts) -> None:
    two = replace(artefacts, adapters=(OURS, Adapter("version-1", "d2", Path())))
    with pytest.raises(ConfigError, match="serves one adapter"), SERVER.running(two):
        pass
    with replace(SERVER, adapter=None).running(artefacts) as endpoint:
        assert endpoint.adapters == {}, "the base never stands in for an adapter"


def test_the_identity_tells_what_changes_answers() -> None:
    told = SERVER.identity()
    assert replace(SERVER, name="other", keep=True, start=5.0).identity() == told
    for change in ({"image": "other"}, {"revision": "c" * 40}, {"adapter": None}, {"instance_type": "nvidia-a10g"}):
        assert replace(SERVER, **change).identity() != told  # type: ignore[arg-type]


def test_a_missing_token_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path, "http://127.0.0.1:9")
    project.release["serve"] = {
        "inference_endpoint": {"name": "desk", "repository": "a/b", "revision": "a" * 40, "token_env": "MY_TOKEN"}
    }
    project.write()
    monkeypatch.delenv("MY_TOKEN", raising=False)
    with pytest.raises(ConfigError, match=r"serve\.inference_endpoint\.token_env: .* MY_TOKEN is not set"):
        validate(project.file)
    monkeypatch.setenv("MY_TOKEN", "hf_right")
    validate(project.file)
