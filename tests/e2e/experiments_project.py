"""The smallest real project with experiments: a plain training, one that diverges, and one on a curated subset."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.project import MOOD, RELEASE, _chat, _lines, _row, make_project

EXPERIMENTS = """\
experiments:
  runs:
    default: {}
    wild: {set: {lora_alpha: 10000000000000000000000000000000000000000}}  # beyond float32: the loss is no number
    curated: {data: curated.jsonl}
  suites: [suites/choice.yaml]
  choose: choice.accuracy
"""
CHOICE = MOOD.replace("name: mood", "name: choice").replace("data: test.jsonl", "data: choice.jsonl")
SMALL = RELEASE.replace(", suites/facts.yaml", "").replace(
    "  - {metric: facts.accuracy, against: base, margin: 0.30, role: advisory}\n", ""
)


def make_experiments(folder: Path, experiments: str = EXPERIMENTS) -> Path:
    """Write the project; gives its release.yaml."""
    file = make_project(folder)
    file.write_text(SMALL + experiments, encoding="utf-8")
    (folder / "suites/choice.yaml").write_text(CHOICE, encoding="utf-8")
    (folder / "choice.jsonl").write_text(_lines(_row(f"ch{i}", i, "bell") for i in range(40)), encoding="utf-8")
    (folder / "curated.jsonl").write_text(_lines(_chat(i, "note") for i in range(16, 64)), encoding="utf-8")
    return file
