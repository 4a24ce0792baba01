"""A project whose model answers at a stub server: a classification of messages, judged against the base model."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.cli.main import main
from harness.pipeline.validate import validate
from harness.pipeline.workspace import Workspace
from tests.tgi_stub import ADAPTER
from tests.weights import adapter_file, base_file

LABELS = ("billing", "shipping", "other")
SUITE: dict[str, Any] = {
    "name": "queue",
    "tasks": {
        "sort": {
            "kind": "classify", "labels": list(LABELS), "data": "data/test.jsonl", "examples": "data/examples.jsonl",
            "target": "label", "prompt": {"user": "{{ text }}"}, "generation": {"max_new_tokens": 8},
        }
    },
}  # fmt: skip
GATES = [
    {"metric": "queue.accuracy", "at_least": 0.8},
    {"metric": "queue.accuracy", "against": "base", "improves": True},
]


def rows(count: int, word: str = "message") -> list[dict[str, str]]:
    """Messages that end with their own label."""
    return [
        {"id": f"{word}{i}", "text": f"{word} {i} about {LABELS[i % 3]}", "label": LABELS[i % 3]} for i in range(count)
    ]


def write_rows(path: Path, values: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")


@dataclass
class Project:
    """A folder with release.yaml; change `release` or `suite` and `write()`."""

    root: Path
    release: dict[str, Any] = field(default_factory=dict)
    suite: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(SUITE))

    @property
    def file(self) -> Path:
        return self.root / "release.yaml"

    @property
    def state(self) -> Workspace:
        return Workspace(self.root)

    @property
    def weights(self) -> Path:
        return self.root / "adapter" / "adapter_model.safetensors"

    @property
    def bundles(self) -> list[Path]:
        return sorted((self.state.state / "runs").glob("*"))

    @property
    def record(self) -> dict[str, Any]:
        """The newest decision.json."""
        found: dict[str, Any] = json.loads((self.state.reports("r") / "decision.json").read_text(encoding="utf-8"))
        return found

    def write(self) -> None:
        """release.yaml and its suite."""
        self.file.write_text(yaml.safe_dump(self.release, sort_keys=False), encoding="utf-8")
        (self.root / "queue.yaml").write_text(yaml.safe_dump(self.suite, sort_keys=False), encoding="utf-8")

    def call(self, command: str, *words: str) -> int:
        """`harness COMMAND` in this process."""
        return main([command, "-f", str(self.file), *words])

    def gate(self) -> int:
        """`harness gate` without the page, which takes longest."""
        return self.call("gate", "-q", "--no-report")

    def copied(self, folder: Path) -> Project:
        """A copy in another folder, to change."""
        shutil.copytree(self.root, folder, dirs_exist_ok=True)
        return Project(folder, copy.deepcopy(self.release), copy.deepcopy(self.suite))

    def start(self, command: str, *words: str) -> subprocess.Popen[str]:
        """`harness COMMAND` as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "harness", command, "-f", str(self.file), *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def plan(self) -> dict[str, str]:
        """The ids of the runs by role."""
        from harness.pipeline.running.runs import plan_runs
        from harness.pipeline.training.make import candidate

        release = validate(self.file)
        return {run.model.role: run.id for run in plan_runs(release, candidate(release, lambda _: None)).runs}


def make_project(root: Path, url: str, samples: int = 60) -> Project:
    """Everything that `harness gate` needs where a server answers at `url`."""
    for name in ("base/config.json", "base/tokenizer.json", "adapter/adapter_config.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps({"file": name, "r": 1, "base_model_name_or_path": "/some/where"}))
    (root / "base/model.safetensors").write_bytes(base_file())
    (root / "adapter/adapter_model.safetensors").write_bytes(adapter_file("adapter"))
    write_rows(root / "data/test.jsonl", rows(samples))
    write_rows(root / "data/examples.jsonl", rows(9, "example"))
    project = Project(
        root,
        {
            "version": 1, "name": "r", "candidate": {"base_model": "base", "adapter": "adapter"},
            "serve": {"remote": {"url": url, "adapter_id": ADAPTER}, "concurrency": 4},
            "baselines": {"base": {"few_shot": 2}}, "suites": ["queue.yaml"], "gates": copy.deepcopy(GATES),
            "policy": {"resamples": 1999},
        },
    )  # fmt: skip
    project.write()
    return project
