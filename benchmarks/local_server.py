"""The local server beside the same model called directly in static batches, in turns within one run.

Both get the same prompts and give as many new tokens, through the same adapter. The model has SmolLM2-135M's shape
and random weights: speed does not depend on what they say, and nothing has to be fetched.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NEW_TOKENS = 32
ROUNDS = 2
WIDTHS = (1, 8, 32)


def measure() -> dict[str, dict[str, Any]]:
    """Throughput of the server as a share of the direct calls', at each number of concurrent requests."""
    with tempfile.TemporaryDirectory() as folder:
        base, adapter = _model(Path(folder))
        with _direct(base, adapter) as direct, _server(base, adapter) as url:
            shares: dict[int, list[float]] = {width: [] for width in WIDTHS}
            for width in (min(WIDTHS), *WIDTHS * ROUNDS):  # the first warms both up
                alone = _ask_direct(direct, width)
                shares[width].append(alone / asyncio.run(_ask_server(url, width)))
            del shares[min(WIDTHS)][0]
    return {
        f"local_server_ratio_{width}": {
            "value": statistics.median(found), "unit": "ratio", "limit": 0.8, "kind": "at_least",
        }
        for width, found in shares.items()
    }  # fmt: skip


def _prompts(width: int) -> list[str]:
    words = re.findall("[a-z]+", "the parcel came late and the lamp in it does not work what now please help")
    return [" ".join(words[(row * 5 + i) % len(words)] for i in range(12 + row % 8)) for row in range(width)]


def _model(folder: Path) -> tuple[Path, Path]:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    from tests.tiny import TARGETS, make_tiny_tokenizer

    base, adapter = folder / "model", folder / "adapter"
    base.mkdir()
    config = LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=3,
    )  # fmt: skip
    torch.manual_seed(0)
    model = LlamaForCausalLM(config)
    model.save_pretrained(base)
    make_tiny_tokenizer(base)
    lora = LoraConfig(r=16, lora_alpha=32, target_modules=list(TARGETS), init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(model, lora).save_pretrained(adapter)
    return base, adapter


def _environment() -> dict[str, str]:
    """What the server sets for itself, so that both wait for their threads in the same way."""
    return {"OMP_WAIT_POLICY": "PASSIVE"} | os.environ


@contextmanager
def _child(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", *arguments]
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=_environment())
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def _direct(base: Path, adapter: Path) -> Iterator[subprocess.Popen[str]]:
    with _child("benchmarks.local_server", str(base), str(adapter)) as process:
        _line(process)
        yield process


@contextmanager
def _server(base: Path, adapter: Path) -> Iterator[str]:
    with _child(
        "harness.embedded", "--base", str(base), "--adapter", f"one={adapter}", "--parent-pid", str(os.getpid())
    ) as process:
        yield _line(process)["url"]


def _line(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def _ask_direct(process: subprocess.Popen[str], width: int) -> float:
    assert process.stdin is not None
    process.stdin.write(f"{width}\n")
    process.stdin.flush()
    return float(_line(process))


async def _ask_server(url: str, width: int) -> float:
    import aiohttp

    async def ask(session: aiohttp.ClientSession, text: str) -> None:
        parameters = {"max_new_tokens": NEW_TOKENS, "adapter_id": "one", "details": True}
        async with session.post(url + "/generate", json={"inputs": text, "parameters": parameters}) as reply:
            given = (await reply.json())["details"]["generated_tokens"]
            assert given == NEW_TOKENS, f"an answer ended after {given} tokens: the two sides would not do the same"

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout()) as session:
        began = time.perf_counter()
        await asyncio.gather(*(ask(session, text) for text in _prompts(width)))
        return time.perf_counter() - began


def _answer_directly(base: str, adapter: str) -> None:
    """The other side: for each width read, one static batch through PEFT; its seconds go out."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base, padding_side="left")
    model: Any = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter).eval()
    _say(0.0)
    for line in sys.stdin:
        prompts = _prompts(int(line))
        began = time.perf_counter()
        with torch.inference_mode():
            tokens = tokenizer(prompts, return_tensors="pt", padding=True)
            model.generate(**tokens, do_sample=False, max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS)
        _say(time.perf_counter() - began)


def _say(seconds: float) -> None:
    sys.stdout.write(f"{seconds}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _answer_directly(*sys.argv[1:])
