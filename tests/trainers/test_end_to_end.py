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
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
from harness.trainers.axolotl import cpu_forward

def model(layers):
    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(sys.argv[1])
    if layers == "full":
        return base
    targets = ["q_proj", "v_proj", "down_proj"]
    adapted = get_peft_model(base, LoraConfig(r=4, target_modules=targets, layers_to_transform=layers))
    torch.manual_seed(1)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    return adapted

def batch(rows):
    width = max(len(row) for row, _ in rows)
    ids = torch.tensor([row + [3] * (width - len(row)) for row, _ in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row, _ in rows])
    labels = torch.tensor([[-100] * at + row[at:] + [-100] * (width - len(row)) for row, at in rows])
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}

def trained(model):
    return [parameter for parameter in model.parameters() if parameter.requires_grad]

torch.manual_seed(0)
draw = lambda length: torch.randint(4, 250, (length,)).tolist()
system = draw(9)
alike = [(system + draw(20), 18), (system + draw(12), 15), (system + draw(12) + draw(30), 40)]
twice = [alike[0], alike[0], (alike[0][0][:25], 20)]
apart = [(draw(17), 3), (draw(30), 29)]
for layers in ("full", None, [1]):
    plain, quick = model(layers), model(layers)
    assert cpu_forward.install(quick)
    for rows in (alike, twice, apart, alike):
        for count in ({}, {"num_items_in_batch": torch.tensor(37)}):
            losses = [one(**batch(rows), **count).loss for one in (plain, quick)]
            torch.testing.assert_close(*losses)
            for loss in losses: loss.backward()
            for stock, ours in zip(trained(plain), trained(quick), strict=True):
                torch.testing.assert_close(stock.grad, ours.grad, rtol=1e-4, atol=1e-6)
                stock.grad = ours.grad = None
    both = {name: value for name, value in batch(apart).items() if name != "labels"}
    present = both["attention_mask"].bool()
    torch.testing.assert_close(plain(**both).logits[present], quick(**both).logits[present], rtol=1e-4, atol=1e-5)

inner = quick.get_base_model().forward
assert inner.lowest == 1 and not inner.lower
# Rows that were expected pass the lower layers once, whatever batch they come in; the loss stays the same.
known = alike + apart[:1]
inner.expect([row for row, _ in known])
for rows in (alike, apart, alike, [apart[0], alike[1]]):
    torch.testing.assert_close(plain(**batch(rows)).loss, quick(**batch(rows)).loss)
assert set(inner.lower) == {tuple(row) for row, _ in known}
first = dict(inner.lower)
inner.lower.clear()
quick(**batch([apart[0], alike[1]]))
assert all(torch.equal(first[row], states) for row, states in inner.lower.items())
# What does not fit is computed each time.
small = cpu_forward.Forward(inner.causal, inner.stock)
small.room = 1000
small.expect([row for row, _ in known])
assert not small.groups
torch.testing.assert_close(plain(**batch(alike)).loss, small(**batch(alike)).loss)
for change in ({"model_type": "gemma2"}, {"sliding_window": 8}, {"attention_dropout": 0.1}):
    other = model(None)
    for key, value in change.items(): setattr(other.get_base_model().config, key, value)
    assert not cpu_forward.install(other)
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


def test_the_forward_pass_for_a_cpu_gives_the_same_loss_and_gradients(request_: TrainRequest) -> None:
    command = [sys.executable, "-c", SAME_LOSS, str(request_.base_model)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
