"""A small, valid release in a folder: a test breaks one thing of it and looks at what is said."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import ConfigError
from harness.pipeline.validate import validate

RELEASE = """\
version: 1
name: desk
candidate:
  base_model: demo:smollm2-135m-instruct
  train:
    axolotl: lora.yaml
    data: data/train.jsonl
    validation: data/validation.jsonl
serve: {local: {threads: 2}}
baselines:
  base: {few_shot: 2}
suites:
  - suites/triage.yaml
  - suites/desk.yaml
gates:
  - {metric: triage.accuracy, at_least: 0.6}
  - {metric: triage.macro_f1, against: base, improves: true}
  - {metric: desk.orders.exact_match, against: base, margin: 0.1}
  - {metric: latency.p95, at_most: 5s, role: advisory}
policy: {alpha: 0.05, resamples: 1999}
"""
TRIAGE = """\
version: 1
name: triage
description: Which queue?
tasks:
  queue:
    kind: classify
    labels: [billing, shipping]
    data: data/triage.jsonl
    examples: data/examples.jsonl
    target: label
    prompt:
      system: "Name the queue."
      user: "{{ text }}"
    generation: {max_new_tokens: 8}
    slices: [language]
    metrics: [accuracy, macro_f1, format]
"""
DESK = """\
name: desk
tasks:
  orders:
    kind: extract
    schema:
      type: object
      properties:
        order: {type: [string, "null"]}
        count: {type: [integer, "null"]}
      required: [order, count]
      additionalProperties: false
    data: data/orders.jsonl
    examples: data/order_examples.jsonl
    prompt: {user: "{{ text }}"}
    metrics: [exact_match, {partial_match: {}}]
  summary:
    kind: generate
    max_words: 9
    data: data/summaries.jsonl
    examples: data/summary_examples.jsonl
    prompt: {user: "Sum up: {{ text }}"}
    metrics:
      - {rouge_1: {stemmer: true}}
      - format
  knowledge:
    kind: lm_eval
    task: quiz
    include: lm
    metrics: [accuracy]
"""
LM = """\
task: quiz
dataset_path: json
dataset_kwargs: {data_files: {test: data/quiz.jsonl}}
doc_to_text: "{{question}}"
process_docs: !function utils.process
"""
LORA = """\
base_model: a/b
adapter: lora
lora_r: 8
lora_alpha: 16
datasets:
  - path: data/train.jsonl
    type: chat_template
micro_batch_size: 1
gradient_accumulation_steps: 1
learning_rate: 2.0e-4
num_epochs: 1
"""
# Child processes find the package from any folder, and leave no bytecode behind.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
LABELS = ("billing", "shipping")


@dataclass(frozen=True, slots=True)
class Project:
    """The folder, and ways to break it. Paths are given relative to `root`."""

    root: Path

    def write(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def rows(self, name: str, rows: list[Mapping[str, object]]) -> None:
        self.write(name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def swap(self, name: str, old: str, new: str) -> int:
        """Put `new` for the one `old` of a file; gives its line."""
        text = self.read(name)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))
        return text[: text.index(old)].count("\n") + 1

    def problems(self) -> list[str]:
        """What `validate` says, line by line; nothing where the release is valid."""
        try:
            validate(self.root / "release.yaml")
        except ConfigError as error:
            return [str(problem) for problem in error.problems]
        return []

    def files(self) -> dict[str, bytes]:
        """Every file with its bytes, to show that nothing was written."""
        paths = sorted(path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): path.read_bytes() for path in paths}


def make_project(root: Path) -> Project:
    """The whole valid release: four tasks of the four kinds, training rows and an Axolotl config."""
    project = Project(root)
    texts = {"release.yaml": RELEASE, "suites/triage.yaml": TRIAGE, "suites/desk.yaml": DESK, "lm/quiz.yaml": LM}
    for name, text in {**texts, "lora.yaml": LORA}.items():
        project.write(name, text)
    for name, start in (("triage", 0), ("examples", 100)):
        project.rows(f"data/{name}.jsonl", [_triage(start + i) for i in range(4)])
    for name, start in (("orders", 200), ("order_examples", 300)):
        project.rows(f"data/{name}.jsonl", [_order(start + i) for i in range(4)])
    for name, start in (("summaries", 400), ("summary_examples", 500)):
        project.rows(f"data/{name}.jsonl", [_summary(start + i) for i in range(4)])
    project.rows("data/quiz.jsonl", [{"question": "Which?", "choices": ["a", "b"], "answer": 1}])
    for name, start in (("train", 600), ("validation", 700)):
        project.rows(f"data/{name}.jsonl", [chat(f"message {start + i}") for i in range(4)])
    return project


def chat(asked: str, answer: str = "billing") -> dict[str, object]:
    """A training row."""
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]}


def _triage(number: int) -> dict[str, object]:
    return {"id": f"t{number}", "text": f"message {number}", "label": LABELS[number % 2], "language": "en"}


def _order(number: int) -> dict[str, object]:
    return {"id": f"o{number}", "text": f"order {number}", "target": {"order": str(number), "count": None}}


def _summary(number: int) -> dict[str, object]:
    return {"id": f"s{number}", "text": f"story {number}", "target": f"Customer tells story {number}."}
