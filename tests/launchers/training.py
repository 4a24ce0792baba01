"""A training so small that it really happens in every launcher's test."""

from __future__ import annotations

import json
from pathlib import Path

from harness.core.samples import Json
from harness.core.trainings import LauncherSpec
from harness.trainers.interface import TrainRequest
from tests.tiny import make_tiny_model

# What a CPU needs is written out, since launchers for other machines resolve for a GPU.
CONFIG = """
base_model: any
adapter: lora
lora_r: 8
lora_alpha: 16
lora_dropout: 0.0
lora_target_linear: true
sequence_len: 256
micro_batch_size: 4
num_epochs: 3
learning_rate: 0.01
lr_scheduler: cosine
optimizer: adamw_torch
bf16: false
fp16: false
tf32: false
attn_implementation: sdpa
sample_packing: false
lora_mlp_kernel: false
lora_qkv_kernel: false
lora_o_kernel: false
lora_embedding_kernel: false
evals_per_epoch: 1
"""
COLOURS = ("red", "green", "blue")


def rows(path: Path, count: int) -> Path:
    """Chat rows whose answers can be learned."""
    with path.open("w") as file:
        for number in range(count):
            question = {"role": "user", "content": f"Colour of item {number % 7}?"}
            answer = {"role": "assistant", "content": COLOURS[number % 7 % 3]}
            file.write(json.dumps({"messages": [question, answer]}) + "\n")
    return path


def request(folder: Path, kind: str, **arguments: Json) -> TrainRequest:
    """32 rows, eight of them to validate on, for the tiny model."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lora.yaml").write_text(CONFIG)
    return TrainRequest(
        config=folder / "lora.yaml",
        base_model=make_tiny_model(folder / "model"),
        base_digest="b" * 64,
        data=rows(folder / "train.jsonl", 24),
        validation=rows(folder / "validation.jsonl", 8),
        output=folder / "run",
        launcher=LauncherSpec(kind, arguments),
    )
