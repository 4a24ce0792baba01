"""Real training by Axolotl on a tiny random model: it learns, survives an interruption, and repeats to the byte."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.trainers.axolotl import AxolotlTrainer
from harness.trainers.interface import Progress, TrainRequest
from tests.tiny import make_tiny_model

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(900),
    pytest.mark.skipif(importlib.util.find_spec("axolotl") is None, reason="axolotl is not installed"),
    # Importing torch and transformers warns about things that are not ours.
    pytest.mark.filterwarnings("ignore"),
]
CONFIG = """
base_model: any
adapter: lora
lora_r: 8
lora_alpha: 16
lora_dropout: 0.05
lora_target_linear: true
sequence_len: 256
micro_batch_size: 8
num_epochs: 4
learning_rate: 0.01
lr_scheduler: cosine
warmup_ratio: 0.05
bf16: auto
evals_per_epoch: 1
"""
COLOURS = ("red", "green", "blue")
SAME_LOSS = """
import sys, torch
from types import SimpleNamespace
from transformers import AutoModelForCausalLM
from harness.trainers.axolotl.plugins import AnswerLogits
plain = AutoModelForCausalLM.from_pretrained(sys.argv[1])
quick = AutoModelForCausalLM.from_pretrained(sys.argv[1])
AnswerLogits().post_model_load(SimpleNamespace(), quick)
torch.manual_seed(0)
ids = torch.randint(4, 250, (4, 30))
mask = torch.ones_like(ids); mask[0, 20:] = 0
labels = ids.clone(); labels[:, :18] = -100; labels[0, 20:] = -100
for count in ({}, {"num_items_in_batch": torch.tensor(37)}):
    losses = [model(input_ids=ids, attention_mask=mask, labels=labels, **count).loss for model in (plain, quick)]
    torch.testing.assert_close(*losses)
    for loss in losses: loss.backward()
    for one, other in zip(plain.parameters(), quick.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)
torch.testing.assert_close(plain(input_ids=ids).logits, quick(input_ids=ids).logits)
"""


def rows(path: Path, count: int) -> Path:
    with path.open("w") as file:
        for number in range(count):
            question = {"role": "user", "content": f"Colour of item {number % 7}?"}
            answer = {"role": "assistant", "content": COLOURS[number % 7 % 3]}
            file.write(json.dumps({"messages": [question, answer]}) + "\n")
    return path


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> TrainRequest:
    folder = tmp_path_factory.mktemp("training")
    (folder / "lora.yaml").write_text(CONFIG)
    return TrainRequest(
        config=folder / "lora.yaml",
        base_model=make_tiny_model(folder / "model"),
        base_digest="b" * 64,
        data=rows(folder / "train.jsonl", 60),
        validation=rows(folder / "validation.jsonl", 12),
        output=folder / "straight",
    )


def the_child() -> int:
    pid = os.getpid()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    [found] = [int(child) for child in children if b"resolved.yaml" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return found


def test_it_learns_survives_an_interruption_and_repeats(request_: TrainRequest) -> None:
    told: list[Progress] = []
    straight = AxolotlTrainer().train(request_, told.append)
    manifest = json.loads(straight.manifest.read_text())

    assert {news.phase for news in told} == {"prepare", "train", "save"}
    validation = [row["validation_loss"] for row in manifest["history"] if "validation_loss" in row]
    assert min(validation) < validation[0] / 2
    assert manifest["rows"] == 60
    assert manifest["tokens_trained"] > 1000
    assert sorted(path.name for path in straight.folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]

    # A finished run is returned at once: no process, no progress.
    told.clear()
    assert AxolotlTrainer().train(request_, told.append) == straight
    assert told == []

    # Axolotl, interrupted, saves what it has and ends with exit code 0: that must not pass for an adapter.
    broken = dataclasses.replace(request_, output=request_.output.with_name("broken"))

    def interrupt(news: Progress) -> None:
        if 9 <= news.step < 20 and not told:
            told.append(news)
            os.kill(the_child(), signal.SIGINT)

    with pytest.raises(OutsideError, match="before its last step"):
        AxolotlTrainer().train(broken, interrupt)
    assert told

    steps: list[int] = []
    resumed = AxolotlTrainer().train(broken, lambda news: steps.append(news.step))
    assert min(step for step in steps if step) >= 8
    assert resumed.digest == straight.digest


def test_the_adapter_loads_and_changes_the_model(request_: TrainRequest) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    adapter = AxolotlTrainer().train(request_, lambda news: None)
    ids = torch.arange(4, 20).reshape(1, -1)
    base = AutoModelForCausalLM.from_pretrained(request_.base_model)
    before = base(input_ids=ids).logits.detach()
    tuned = PeftModel.from_pretrained(base, str(adapter.folder))
    assert not torch.allclose(before, tuned(input_ids=ids).logits)


def test_logits_of_answers_only_give_the_same_loss_and_gradients(request_: TrainRequest) -> None:
    command = [sys.executable, "-c", SAME_LOSS, str(request_.base_model)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
