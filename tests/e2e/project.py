"""A whole release project of the smallest real parts: a tiny random Llama, Axolotl, the real server and lm-eval."""

from __future__ import annotations

import json
from pathlib import Path

from tests.tiny import make_tiny_model

RELEASE = """\
version: 1
name: tiny
candidate:
  base_model: base
  train: {axolotl: lora.yaml, data: train.jsonl, validation: validation.jsonl}
serve: {local: {threads: 2}, concurrency: 8}
baselines: {base: {few_shot: 1}}
suites: [suites/mood.yaml, suites/facts.yaml]
gates:
  - {metric: errors.rate, at_most: 0.10}
  - {metric: mood.accuracy, against: base, improves: true, role: advisory}
  - {metric: mood.format, at_least: 0.99, role: advisory}
  - {metric: facts.accuracy, against: base, margin: 0.30, role: advisory}
  - {metric: latency.p50, at_most: 60s, role: advisory}
"""
MOOD = """\
version: 1
name: mood
tasks:
  two:
    kind: classify
    labels: [good, bad]
    data: test.jsonl
    examples: train_rows.jsonl
    target: label
    prompt: {user: "{{ text }}"}
    generation: {max_new_tokens: 6}
"""
FACTS = """\
version: 1
name: facts
tasks:
  choice: {kind: lm_eval, task: tiny_facts, include: lm_eval}
"""
TINY_FACTS = """\
task: tiny_facts
dataset_path: json
dataset_kwargs: {data_files: {test: facts.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}\\nAnswer:"
doc_to_choice: "{{choices}}"
doc_to_target: answer
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
metadata: {version: 1.0}
"""
LORA = """\
base_model: base
adapter: lora
lora_r: 8
lora_alpha: 16
lora_dropout: 0.0
lora_target_linear: true
datasets: [{path: train.jsonl, ds_type: json, type: chat_template, field_messages: messages}]
chat_template: tokenizer_default
sequence_len: 256
num_epochs: 2
micro_batch_size: 8
gradient_accumulation_steps: 1
optimizer: adamw_torch
learning_rate: 5.0e-3
lr_scheduler: cosine
warmup_ratio: 0.1
evals_per_epoch: 1
saves_per_epoch: 1
"""


def make_project(folder: Path) -> Path:
    """Write the project; gives its release.yaml."""
    make_tiny_model(folder / "base")
    texts = {
        "release.yaml": RELEASE,
        "suites/mood.yaml": MOOD,
        "suites/facts.yaml": FACTS,
        "lm_eval/tiny_facts.yaml": TINY_FACTS,
        "lora.yaml": LORA,
        "test.jsonl": _lines(_row(f"te{i}", i, "ring") for i in range(48)),
        "train_rows.jsonl": _lines(_row(f"tr{i}", i, "note") for i in range(64)),
        "train.jsonl": _lines(_chat(i, "note") for i in range(64)),
        "validation.jsonl": _lines(_chat(i, "card") for i in range(16)),
        "facts.jsonl": _lines(_fact(i) for i in range(8)),
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "release.yaml"


def _row(name: str, number: int, noun: str) -> dict[str, object]:
    label = "good" if number % 2 else "bad"
    return {"id": name, "text": f"{noun} {number}: {'nice' if number % 2 else 'awful'}", "label": label}


def _chat(number: int, noun: str) -> dict[str, object]:
    row = _row("", number, noun)
    return {"messages": [{"role": "user", "content": row["text"]}, {"role": "assistant", "content": row["label"]}]}


def _fact(number: int) -> dict[str, object]:
    return {"id": f"f{number}", "question": f"{number} and 1?", "choices": [str(number), str(number + 1)], "answer": 1}


def _lines(rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)  # type: ignore[attr-defined]
