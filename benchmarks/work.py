"""A project whose model answers at the stub, and `harness run` of it as a whole process."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.stub import ADAPTER, chat_tokenize, generate
from tests.weights import adapter_file, base_file

ROOT = Path(__file__).parents[1]
# As installed: from bytecode, also where the environment of a test machine forbids writing it.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
LABELS = ("billing", "shipping", "other")
TEXT = (
    "Message {}: hello, I wrote to you last week and nobody has answered so far. Please look into it today, because "
    "I need to plan the rest of the month around it. My question is about {}"
)


@dataclass(frozen=True, slots=True)
class Server:
    """A stub under way."""

    url: str

    def ask(self, path: str) -> Any:
        """What the stub replies to a GET request."""
        with urllib.request.urlopen(self.url + path, timeout=60) as reply:
            return json.load(reply)


@contextmanager
def stub(delay: float = 0.0, faults: float = 0.0, seed: int = 0) -> Iterator[Server]:
    """The stub as a process of its own; `delay` in seconds, `faults` a share of the requests."""
    words = [sys.executable, "-m", "benchmarks.stub", f"--delay={delay}", f"--faults={faults}", f"--seed={seed}"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, env=ENVIRONMENT)
    try:
        assert process.stdout is not None
        yield Server(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.kill()
        process.communicate()


def write_project(root: Path, url: str, samples: int, concurrency: int = 64) -> Path:
    """A classification of messages by an adapter that is there; gives the path of its release.yaml."""
    for name in ("base/config.json", "base/tokenizer.json", "adapter/adapter_config.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text('{"r": 1}')
    (root / "base/model.safetensors").write_bytes(base_file())
    (root / "adapter/adapter_model.safetensors").write_bytes(adapter_file("adapter"))
    (root / "manifest.json").write_text(json.dumps(_training_record(root / "adapter" / "adapter_model.safetensors")))
    with (root / "rows.jsonl").open("w") as file:
        for i in range(samples):
            label = LABELS[i % 3]
            file.write(json.dumps({"id": f"m{i}", "text": TEXT.format(i, label), "label": label}) + "\n")
    task = {
        "kind": "classify", "labels": list(LABELS), "data": "rows.jsonl", "target": "label",
        "prompt": {"user": "{{ text }}"}, "generation": {"max_new_tokens": 8},
    }  # fmt: skip
    release = {
        "version": 1, "name": "r", "candidate": {"base_model": "base", "adapter": "adapter"},
        "serve": {"remote": {"url": url, "adapter_id": ADAPTER}, "concurrency": concurrency},
        "suites": ["queue.yaml"], "gates": [{"metric": "queue.accuracy", "at_least": 0.8}],
    }  # fmt: skip
    (root / "queue.yaml").write_text(yaml.safe_dump({"name": "queue", "tasks": {"sort": task}}))
    (root / "release.yaml").write_text(yaml.safe_dump(release))
    return root / "release.yaml"


def _training_record(weights: Path) -> dict[str, Any]:
    """As training leaves it beside an adapter. What it says is what the stub answers, so every check holds, and
    answers go into the cache as they do in earnest."""
    text, turns = "Hello there, how are you today?", [{"role": "user", "content": "Hello there."}]
    tokens = {name: generate({"inputs": text, "parameters": {"adapter_id": name}}) for name in (None, ADAPTER)}
    prefill = {name: reply["details"]["prefill"] for name, reply in tokens.items()}
    prompt = {
        "text": text, "ids": [token["id"] for token in prefill[None]],
        "base": [token["logprob"] for token in prefill[None][1:]],
        "adapter": [token["logprob"] for token in prefill[ADAPTER][1:]],
    }  # fmt: skip
    chat = {"messages": turns, "ids": [t["id"] for t in chat_tokenize({"messages": turns})["tokenize_response"]]}
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    return {"adapter": digest, "fingerprint": {"dtype": "float32", "prompts": [prompt], "chat": chat}}


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended well: `seconds` of wall time, `peak` of its resident memory in MiB."""

    seconds: float
    peak: float


def start(*words: str) -> subprocess.Popen[bytes]:
    """`python -m WORDS`, with its standard output thrown away."""
    return subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, cwd=ROOT, env=ENVIRONMENT)


def whole(*words: str, codes: tuple[int, ...] = (0,)) -> Ended:
    """`python -m WORDS` from start to end. Raises RuntimeError where it does not end with one of these exit codes."""
    began = time.perf_counter()
    process = start(*words)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise RuntimeError(f"{' '.join(words)} ended with exit code {process.returncode}")
    return Ended(seconds, used.ru_maxrss / 1024)


def run(release: Path) -> Ended:
    """`harness run` of a project from start to end."""
    return whole("harness", "run", "-q", "-f", str(release))


def bundle(release: Path) -> Path:
    """The folder of the project's one run."""
    (folder,) = (release.parent / ".harness" / "runs").iterdir()
    return folder


def check_all_evaluated(release: Path, samples: int) -> None:
    """Raises RuntimeError unless every sample of the run ended as scored."""
    counts = json.loads((bundle(release) / "manifest.json").read_text())["run"]["counts"]
    if counts != {"scored": samples, "model_failed": 0, "not_evaluated": 0}:
        raise RuntimeError(f"not every one of {samples} samples was scored: {counts}")
