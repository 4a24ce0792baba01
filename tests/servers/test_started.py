"""Servers that are started here: what their commands are told, and that nothing of them is left afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness import catalog
from harness.client.openai_api import OpenaiClient
from harness.client.proof import PROVEN, prove
from harness.client.tgi import TgiClient
from harness.core.errors import ConfigError, OutsideError
from harness.servers._ports import free_port
from harness.servers.interface import Adapter, Artefacts, Endpoint
from harness.servers.tgi_docker import TgiDocker
from harness.servers.tgi_process import TgiProcess
from harness.servers.vllm import Vllm
from tests.servers.commands import ROOT, StandIns, is_gone
from tests.tgi_stub import Stub, running
from tests.waiting import until

DIGEST = "@sha256:" + "5" * 64
TGI, DOCKER, VLLM = TgiProcess(gpus="none"), TgiDocker(gpus="none", image=f"tgi{DIGEST}"), Vllm(gpus="none")
KINDS = {"tgi_process": TGI, "tgi_docker": DOCKER, "vllm": VLLM}
each = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def artefacts(tmp_path: Path, stand_ins: StandIns) -> Artefacts:
    for name in ("base", "adapter", "other"):
        (tmp_path / name).mkdir()
    adapters = (Adapter("tuned", "d1", tmp_path / "adapter"), Adapter("version-3", "d2", tmp_path / "other"))
    return Artefacts(tmp_path / "base", adapters, tmp_path / "logs" / "server.log")


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=60) as reply:
        return int(reply.status)


def proof(endpoint: Endpoint) -> str:
    async def main() -> str:
        openai = endpoint.api == "openai"
        async with OpenaiClient(endpoint.url, endpoint.base or "") if openai else TgiClient(endpoint.url) as client:
            return await prove(client, endpoint.adapters["d1"])

    return asyncio.run(main())


@each
def test_it_answers_as_base_and_adapter_and_leaves_nothing(
    kind: str, artefacts: Artefacts, stand_ins: StandIns
) -> None:
    with KINDS[kind].running(artefacts) as endpoint:
        assert endpoint.adapters == {"d1": "tuned", "d2": "version-3"}
        assert (endpoint.api, endpoint.base) == (("openai", "base") if kind == "vllm" else ("tgi", None))
        assert endpoint.watch is not None
        assert endpoint.watch() is None
        assert proof(endpoint) == PROVEN
        server = stand_ins.server
        assert not is_gone(server)
    assert is_gone(server)
    assert "stub ready" in artefacts.log.read_text()
    assert not list((stand_ins.folder / "containers").glob("*"))


def test_the_launcher_is_told_everything(
    artefacts: Artefacts, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("QUANTIZE", "API_KEY", "MAX_BATCH_TOTAL_TOKENS"):
        monkeypatch.setenv(name, "from-outside")
    port = free_port()
    server = TgiProcess(2, "fp8", "bfloat16", 900, 1000, port, options=("--max-batch-size", "4"), gpus="none")
    with server.running(artefacts) as endpoint:
        assert (endpoint.url, endpoint.dtype) == (f"http://127.0.0.1:{port}", "quantized")
    called = stand_ins.call("text-generation-launcher")
    assert called["words"] == [
        "--model-id", str(tmp_path / "base"), "--hostname", "127.0.0.1", "--port", str(port), "--usage-stats", "off",
        "--num-shard", "2", "--quantize", "fp8", "--dtype", "bfloat16", "--max-input-tokens", "900",
        "--max-total-tokens", "1000", "--enable-prefill-logprobs", "--max-batch-size", "4",
    ]  # fmt: skip
    env = called["env"]
    assert env["LORA_ADAPTERS"] == f"tuned={tmp_path / 'adapter'},version-3={tmp_path / 'other'}"
    assert (env["HF_HUB_OFFLINE"], env["CUDA_VISIBLE_DEVICES"]) == ("1", "")
    assert not {"QUANTIZE", "API_KEY", "MAX_BATCH_TOTAL_TOKENS"} & env.keys()
    assert "HF_HUB_OFFLINE" not in os.environ


def test_two_launchers_have_nothing_in_common(
    artefacts: Artefacts, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in merged mode: the merged model on one, the base on the other."""
    names = ("SHARD_UDS_PATH", "MASTER_PORT", "PROMETHEUS_PORT")
    for name in names:
        monkeypatch.setenv(name, "from-outside")
    seen = []
    with TGI.running(Artefacts(artefacts.base, (), artefacts.log.with_name("merged.log"))):
        seen.append(stand_ins.call("text-generation-launcher"))
        with TGI.running(artefacts):
            seen.append(stand_ins.call("text-generation-launcher"))
    own = [{call["words"][call["words"].index("--port") + 1], *(call["env"][name] for name in names)} for call in seen]
    assert [len(one) for one in own] == [4, 4]
    assert not own[0] & own[1]


def test_an_option_that_two_launchers_would_share_is_refused(stand_ins: StandIns) -> None:
    with pytest.raises(ConfigError, match=r"serve\.tgi_process\.options: harness sets --master-port itself"):
        TgiProcess(gpus="none", options=("--master-port=29500",)).check()


def test_the_container_is_told_everything(
    artefacts: Artefacts, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("harness.servers._commands.has_gpu", lambda: True)
    port = free_port()
    server = TgiDocker(1, port=port, image=f"tgi{DIGEST}", gpus=(0, 2), shm_size="2g")
    with server.running(artefacts):
        (name,) = [file.name for file in (stand_ins.folder / "containers").glob("*")]
    words = stand_ins.call("docker")["words"]
    project = name.split("-")[1]
    assert words == [
        "run", "--rm", "--name", f"harness-{project}-{os.getpid()}", "--label", f"harness.project={project}",
        "--label", f"harness.pid={os.getpid()}", "--publish", f"127.0.0.1:{port}:80", "--shm-size", "2g",
        "--gpus", '"device=0,2"', "--volume", f"{tmp_path / 'base'}:/model:ro",
        "--volume", f"{tmp_path / 'adapter'}:/adapters/tuned:ro",
        "--volume", f"{tmp_path / 'other'}:/adapters/version-3:ro",
        "--env", "HF_HUB_OFFLINE=1", "--env", "HF_HUB_DISABLE_TELEMETRY=1", "--env", "DO_NOT_TRACK=1",
        "--env", "LORA_ADAPTERS=tuned=/adapters/tuned,version-3=/adapters/version-3", f"tgi{DIGEST}",
        "--model-id", "/model", "--hostname", "0.0.0.0", "--port", "80", "--usage-stats", "off", "--num-shard", "1",
        "--enable-prefill-logprobs",
    ]  # fmt: skip


def test_vllm_is_told_everything(
    artefacts: Artefacts, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("harness.servers._commands.has_gpu", lambda: True)
    monkeypatch.setenv("VLLM_API_KEY", "from-outside")
    port = free_port()
    server = Vllm("vllm", (1,), 2, "fp8", "float16", 2048, 32, port, options=("--enforce-eager",))
    with server.running(artefacts) as endpoint:
        assert (endpoint.url, endpoint.dtype) == (f"http://127.0.0.1:{port}/v1", "quantized")
    called = stand_ins.call("vllm")
    assert called["words"] == [
        "serve", str(tmp_path / "base"), "--served-model-name", "base", "--host", "127.0.0.1", "--port", str(port),
        "--tensor-parallel-size", "2", "--dtype", "float16", "--generation-config", "vllm", "--quantization", "fp8",
        "--max-model-len", "2048", "--enforce-eager", "--enable-lora", "--max-lora-rank", "32", "--max-loras", "2",
        "--lora-modules", f"tuned={tmp_path / 'adapter'}", f"version-3={tmp_path / 'other'}",
    ]  # fmt: skip
    env = called["env"]
    assert (env["VLLM_NO_USAGE_STATS"], env["DO_NOT_TRACK"], env["CUDA_VISIBLE_DEVICES"]) == ("1", "1", "1")
    assert "VLLM_API_KEY" not in env


def test_an_adapter_of_too_high_a_rank_is_refused_before_vllm_starts(artefacts: Artefacts, stand_ins: StandIns) -> None:
    config = artefacts.adapters[1].folder / "adapter_config.json"
    config.write_text('{"r": 65}')
    said = r"the adapter 'version-3' in .* has rank 65, and the server takes 64 at most \(serve\.vllm\.max_lora_rank\)"
    with pytest.raises(ConfigError, match=said), VLLM.running(artefacts):
        pass
    config.write_text('{"r": 64}')
    with VLLM.running(artefacts):
        pass


def test_without_adapters_none_is_asked_for(artefacts: Artefacts, stand_ins: StandIns) -> None:
    alone = Artefacts(artefacts.base, (), artefacts.log)
    with VLLM.running(alone), TGI.running(alone):
        pass
    assert "--enable-lora" not in stand_ins.call("vllm")["words"]
    assert "LORA_ADAPTERS" not in stand_ins.call("text-generation-launcher")["env"]


@each
def test_the_identity_changes_with_what_changes_answers_alone(kind: str, stand_ins: StandIns) -> None:
    def identity(**given: Any) -> str:
        image = {"image": f"tgi{DIGEST}"} if kind == "tgi_docker" else {}
        return str(catalog.build("servers", kind, {"gpus": "none", **image, **given}).identity())

    assert identity() == identity(port=8080) == identity(start=5.0) == identity(gpus=[0])
    others = [identity(shards=2), identity(quantize="fp8"), identity(dtype="bfloat16"), identity(options=["--x"])]
    assert len({identity(), *others}) == 5
    assert "3.3.5" in identity() or "0.32.0" in identity() or "5" * 64 in identity()


def test_an_image_without_a_digest_is_told_by_the_one_that_is_here(stand_ins: StandIns) -> None:
    server = TgiDocker(image="tgi:latest")
    with pytest.raises(OutsideError, match="`docker pull tgi:latest` first"):
        server.identity()
    stand_ins.set("image", "sha256:one\n")
    before = server.identity()
    stand_ins.set("image", "sha256:two\n")
    assert (before["image_digest"], server.identity()["image_digest"]) == ("sha256:one", "sha256:two")


@pytest.mark.parametrize(
    ("server", "option"),
    [
        (TgiProcess, "--model-id"),
        (TgiDocker, "--quantize=eetq"),
        (TgiProcess, "--api-key"),
        (Vllm, "--served-model-name"),
    ],
)
def test_an_option_that_harness_sets_itself_is_refused(server: type[Any], option: str, stand_ins: StandIns) -> None:
    stand_ins.set("image", "sha256:one")
    found = server(options=(option, "x"), gpus="none")
    for call in (found.identity, found.check):
        with pytest.raises(ConfigError, match=f"harness sets {option.split('=')[0]} itself"):
            call()


@pytest.mark.parametrize(
    ("server", "name"), [(TGI, "tgi"), (DOCKER, "tgi"), (VLLM, "base"), (TGI, "a,b"), (VLLM, "a=b")]
)
def test_a_name_that_means_something_else_there_is_refused(server: Any, name: str, artefacts: Artefacts) -> None:
    named = Artefacts(artefacts.base, (Adapter(name, "d1", artefacts.adapters[0].folder),), artefacts.log)
    with pytest.raises(ConfigError, match=r"can be called|cannot be named"), server.running(named):
        pass


@each
def test_a_server_that_fails_to_start_says_why(kind: str, artefacts: Artefacts, stand_ins: StandIns) -> None:
    stand_ins.set("broken")
    told = r"ended before it was ready \(exit code 1\).*CUDA out of memory"
    with pytest.raises(OutsideError, match=told), KINDS[kind].running(artefacts):
        pass


def test_a_server_that_is_never_healthy_is_given_up_and_ended(
    artefacts: Artefacts, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid, now = stand_ins.folder / "server.pid", [0.0]

    def silent(*_: object, **__: object) -> None:
        until(lambda: pid.is_file() and pid.read_text())  # it has started, however long that takes here
        now[0] += 2.0
        raise OSError

    monkeypatch.setattr("harness.servers._children._OPENER.open", silent)
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda _: None)
    monkeypatch.setattr("harness.servers._children.time", clock)
    server, told = TgiProcess(gpus="none", start=1.0), r"not healthy after 1 s \(serve.tgi_process.start\)"
    with pytest.raises(OutsideError, match=told), server.running(artefacts):
        pass
    assert is_gone(stand_ins.server)


@each
def test_a_server_that_dies_is_told_with_its_last_words(kind: str, artefacts: Artefacts, stand_ins: StandIns) -> None:
    with KINDS[kind].running(artefacts) as endpoint:
        assert endpoint.watch is not None
        os.kill(stand_ins.server, signal.SIGKILL)
        said = until(endpoint.watch)
    assert "ended (killed by SIGKILL)" in said
    assert "stub ready" in said


@each
def test_it_does_not_outlive_a_harness_that_is_killed(kind: str, artefacts: Artefacts, stand_ins: StandIns) -> None:
    code = (
        "import sys, time; from pathlib import Path; from harness import catalog;"
        "from harness.servers.interface import Artefacts;"
        f"server = catalog.build('servers', {kind!r}, {{'gpus': 'none', **({{'image': 'tgi{DIGEST}'}}"
        f" if {kind!r} == 'tgi_docker' else {{}})}});"
        f"running = server.running(Artefacts(Path({str(artefacts.base)!r}), (), Path({str(artefacts.log)!r})));"
        "running.__enter__(); print('up', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    server = stand_ins.server
    process.kill()
    process.communicate()
    until(lambda: is_gone(server))


def test_a_server_that_is_deaf_to_sigterm_is_killed_with_all_it_started(
    artefacts: Artefacts, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_ins.set("deaf")
    with TGI.running(artefacts):
        server = stand_ins.server
    assert is_gone(server), "though it is in a process group of its own"


def test_containers_that_a_killed_harness_left_are_removed_and_others_stay(
    artefacts: Artefacts, stand_ins: StandIns
) -> None:
    with DOCKER.running(artefacts):
        (name,) = [file.name for file in (stand_ins.folder / "containers").glob("*")]
    project, ended = name.split("-")[1], subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for left, labels in {
        "left": [f"harness.project={project}", f"harness.pid={ended.pid}"],
        "alive": [f"harness.project={project}", f"harness.pid={os.getpid()}"],
        "elsewhere": ["harness.project=another", f"harness.pid={ended.pid}"],
    }.items():
        stand_ins.set(f"containers/{left}", f'{{"labels": {str(labels).replace(chr(39), chr(34))}}}')
    with DOCKER.running(artefacts):
        found = {file.name for file in (stand_ins.folder / "containers").glob("*")}
    assert found == {name, "alive", "elsewhere"}


@pytest.mark.parametrize("kind", ["local", *KINDS])
def test_a_port_in_use_is_told_with_its_owner_before_anything_starts(
    kind: str, artefacts: Artefacts, stand_ins: StandIns
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        given = {} if kind == "local" else {"gpus": "none"}
        server = catalog.build("servers", kind, {**given, "port": port})
        told = rf"port {port} is in use by process {os.getpid()} \(.+\).*serve\.{kind}\.port"
        with pytest.raises(OutsideError, match=told):
            server.check()
        with pytest.raises(OutsideError, match=told), server.running(artefacts):
            pass
    assert not artefacts.log.exists()


def test_an_answer_from_a_stranger_on_the_port_is_not_the_servers(
    artefacts: Artefacts, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(Stub()) as stranger:
        port = int(stranger.url.rsplit(":", 1)[1])
        monkeypatch.setattr("harness.servers.tgi_process.free_port", lambda: port)
        told = f"was taken by process {os.getpid()} while"
        with pytest.raises(OutsideError, match=told), TGI.running(artefacts):
            pass


@each
def test_a_gpu_that_is_wanted_and_not_there_is_told_before_anything_starts(
    kind: str, artefacts: Artefacts, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.servers._commands.has_gpu", lambda: False)
    for gpus, words in (("all", "wants GPUs"), ([0, 1], "wants the GPUs 0, 1")):
        with pytest.raises(OutsideError, match=rf"serve\.{kind} {words}, and this machine has none"):
            catalog.build("servers", kind, {"gpus": gpus}).check()
    assert not artefacts.log.exists()


@each
def test_a_command_that_is_not_there_is_named(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutsideError, match=rf"serve\.{kind} needs the command '.+', which is not on the PATH"):
        KINDS[kind].check()


def test_docker_that_does_not_run_is_told(stand_ins: StandIns) -> None:
    stand_ins.set("down")
    with pytest.raises(OutsideError, match=r"docker does not run here.*Cannot connect to the Docker daemon"):
        DOCKER.check()


def test_keys_in_the_log_are_masked_at_the_end(artefacts: Artefacts, stand_ins: StandIns) -> None:
    key = "hf_" + "abcdefghij" * 3 + "klmn"
    with TGI.running(artefacts), artefacts.log.open("a") as log:
        log.write(f"token {key}\n")
    assert key not in artefacts.log.read_text()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_the_real_local_server_answers_through_the_launcher(
    tmp_path: Path, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("torch", "peft", "fastapi"):
        pytest.importorskip(package)
    from tests.tiny import make_tiny_adapter, make_tiny_model

    monkeypatch.setenv("STAND_IN_SERVES", "embedded")
    base = make_tiny_model(tmp_path / "base")
    tuned = Adapter("tuned", "d1", make_tiny_adapter(base, tmp_path / "tuned", 1))
    artefacts = Artefacts(base, (tuned,), tmp_path / "server.log")
    with TGI.running(artefacts) as endpoint:
        assert endpoint.dtype == "float32"
        assert proof(endpoint) == PROVEN


@pytest.mark.parametrize("config", [{"r": 16}, {"r": 4, "rank_pattern": {"q_proj": 16}}])
def test_an_adapter_of_a_higher_rank_is_refused_before_vllm_starts(
    config: dict[str, object], artefacts: Artefacts, stand_ins: StandIns
) -> None:
    """Else vLLM loads the model for half a minute and ends with the same words."""
    (artefacts.adapters[1].folder / "adapter_config.json").write_text(json.dumps(config))
    told = r"'version-3' in .* has rank 16, and the server takes 8 at most \(serve.vllm.max_lora_rank\)"
    with pytest.raises(ConfigError, match=told), Vllm(gpus="none", max_lora_rank=8).running(artefacts):
        pass
    assert not (stand_ins.folder / "vllm.json").exists()
    with Vllm(gpus="none", max_lora_rank=16).running(artefacts):
        pass
