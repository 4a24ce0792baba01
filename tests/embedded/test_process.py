"""The process: ready line, ports, signals, the parent's death, files that are refused."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.embedded.digests import digest_base
from harness.embedded.errors import StartError
from harness.embedded.loading import load

from .conftest import ROOT, Folders, running, start

pytestmark = pytest.mark.e2e  # each starts a server of its own


def test_sigterm_ends_32_running_requests_at_once_and_exits_0(folders: Folders) -> None:
    async def ask(session: aiohttp.ClientSession, url: str) -> tuple[int, str]:
        body = {"inputs": "hello", "parameters": {"max_new_tokens": 100000}}
        async with session.post(url + "/generate", json=body) as reply:
            return reply.status, (await reply.json())["error_type"]

    async def scene(url: str, process: subprocess.Popen[str]) -> tuple[int, float]:
        async with aiohttp.ClientSession() as session:
            body = {"inputs": "hello", "parameters": {"max_new_tokens": 100000}}
            stream = await session.post(url + "/generate_stream", json=body)
            await stream.content.readline()
            others = [asyncio.create_task(ask(session, url)) for _ in range(31)]
            await until_running(session, url, 32)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            last = [line async for line in stream.content if line.strip()][-1]
            assert json.loads(last.removeprefix(b"data:"))["error_type"] == "generation"
            assert await asyncio.gather(*others) == [(424, "generation")] * 31
            code = await asyncio.to_thread(process.wait, 60)
            return code, time.monotonic() - began

    slow = folders.base.parent / "slow"
    shutil.copytree(folders.base, slow, dirs_exist_ok=True)
    config = json.loads((slow / "config.json").read_text())
    (slow / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 200000}))
    limits = ("--max-total-tokens", "200000", "--max-batch-total-tokens", "100000000")
    with running("--base", str(slow), *limits) as server:
        code, seconds = asyncio.run(scene(server.url, server.process))
        assert server.process.stdout is not None
        assert server.process.stdout.read() == ""
    assert code == 0
    assert seconds < 30, "what they ask for takes minutes"


async def until_running(session: aiohttp.ClientSession, url: str, rows: int) -> None:
    async with asyncio.timeout(60):
        while True:
            async with session.get(url + "/metrics") as reply:
                if f"tgi_batch_current_size {rows}\n" in await reply.text():
                    return


def test_port_in_use_exits_4_with_one_clear_line(folders: Folders) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start("--base", str(folders.base), "--port", str(port))
        out, err = process.communicate(timeout=60)
    assert process.returncode == 4
    assert out == ""
    assert err.splitlines()[-1] == (
        f"harness.embedded: Port {port} on 127.0.0.1 is in use. Choose another, or 0 for any free one."
    )


def test_the_server_follows_its_parent(folders: Folders) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with running("--base", str(folders.base), "--parent-pid", str(parent.pid)) as server:
        assert server.process.poll() is None
        parent.communicate()
        assert server.process.wait(60) == 0


def test_wrong_arguments_exit_2(folders: Folders) -> None:
    process = start("--base", str(folders.base), "--adapter", "red")
    assert process.communicate(timeout=60)[1].splitlines()[-1].endswith("--adapter red: write NAME=DIR.")
    assert process.returncode == 2


def copy(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target))


def refusal(folders: Folders, adapter: Path, name: str = "one") -> str:
    with pytest.raises(StartError) as caught:
        load(folders.base, {name: adapter}, "float32", "cpu")
    return str(caught.value)


def test_pickled_weights_are_refused(folders: Folders, tmp_path: Path) -> None:
    adapter = copy(folders.adapters["red"], tmp_path / "adapter")
    (adapter / "adapter_model.bin").write_bytes(b"x")
    assert "pickled weights (adapter_model.bin)" in refusal(folders, adapter)
    base = copy(folders.base, tmp_path / "base")
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(StartError, match="pickled weights"):
        load(base, {}, "float32", "cpu")


def test_weights_that_do_not_fit_are_refused(folders: Folders, tmp_path: Path) -> None:
    adapter = copy(folders.adapters["red"], tmp_path / "adapter")
    weights = load_file(adapter / "adapter_model.safetensors")
    name, tensor = weights.popitem()
    save_file(weights, adapter / "adapter_model.safetensors")
    assert "does not fit the base model: 1 tensors differ" in refusal(folders, adapter)
    save_file(weights | {name.replace("layers.1", "layers.9"): tensor}, adapter / "adapter_model.safetensors")
    assert "does not fit the base model" in refusal(folders, adapter)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"use_dora": True}, "use_dora"), ({"bias": "all"}, "bias"), ({"peft_type": "IA3"}, "only LoRA")],
)
def test_adapters_that_cannot_share_a_batch_are_refused(
    folders: Folders, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    adapter = copy(folders.adapters["red"], tmp_path / "adapter")
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps(config | change))
    assert message in refusal(folders, adapter)


def test_names_that_mean_the_base_are_refused(folders: Folders) -> None:
    for name in ("tgi", "dummy", "__base__", folders.base.name):
        assert "already means the base" in refusal(folders, folders.adapters["red"], name)


def test_a_base_digest_changes_with_any_file(folders: Folders, tmp_path: Path) -> None:
    base = copy(folders.base, tmp_path / "base")
    before = digest_base(base)
    assert before == digest_base(folders.base)
    (base / "tokenizer_config.json").write_text("{}")
    assert digest_base(base) != before


def test_the_base_digest_is_the_one_that_a_release_records(folders: Folders, tmp_path: Path) -> None:
    from harness.base_models.digest import digest_of

    assert digest_base(folders.base) == digest_of(folders.base, tmp_path, lambda *_: None)


def test_loading_leaves_the_base_as_it_was(folders: Folders) -> None:
    plain = load(folders.base, {}, "float32", "cpu").model.state_dict()
    adapted = load(folders.base, folders.adapters, "float32", "cpu").model.state_dict()
    for name, tensor in plain.items():
        layered = name.replace("_proj.weight", "_proj.base_layer.weight")
        assert torch.equal(adapted[layered], tensor)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, harness.embedded; assert not {'torch', 'fastapi', 'transformers'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
