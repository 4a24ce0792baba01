"""The digests of a decision change with what they name, and with nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import harness.metrics
from harness.core.releases import Release
from harness.core.suites import MetricSpec, Prompt
from harness.pipeline.judging.provenance import digests, metric_code
from tests.pipeline.hand_made import CANDIDATE, WHOLE, material, release, with_run


@pytest.fixture
def metrics(tmp_path: Path) -> Path:
    """A copy of the metrics' sources."""
    return Path(shutil.copytree(Path(harness.metrics.__path__[0]), tmp_path / "metrics"))


def test_a_metrics_code_is_its_file_and_the_helpers_that_it_imports(metrics: Path) -> None:
    before = {name: metric_code(name, metrics) for name in ("rouge_1", "accuracy")}
    assert before["rouge_1"] == metric_code("rouge_1")
    with (metrics / "_processes.py").open("a") as file:  # rouge_1 imports _rouge, and that imports this
        file.write("\n# other\n")
    assert metric_code("rouge_1", metrics) != before["rouge_1"]
    assert metric_code("accuracy", metrics) == before["accuracy"]
    with (metrics / "accuracy.py").open("a") as file:
        file.write("\n# other\n")
    assert metric_code("accuracy", metrics) != before["accuracy"]


def with_task(found: Release, **changes: object) -> Release:
    suite = found.suites[0]
    return replace(found, suites=(replace(suite, tasks=(replace(suite.tasks[0], **changes),)),))  # type: ignore[arg-type]


def test_models_are_named() -> None:
    found = digests(release(), material(WHOLE), CANDIDATE)
    assert (found["adapter"], found["base"]) == ("a", "b")


def test_what_is_not_known_is_not_named() -> None:
    found = digests(release(), material(WHOLE), {"base_digest": "b", "adapter_digest": None})
    assert "adapter" not in found
    assert not any(name.startswith(("data", "prompts")) for name in found)


def test_the_data_is_that_of_the_candidates_runs() -> None:
    known = with_run(material(WHOLE), "candidate", data={"t": "d"})
    other = with_run(known, "base", data={"t": "other"})
    assert digests(release(), other, CANDIDATE)["data s.t"] == "d"


def test_prompts_are_told_apart_with_those_that_a_baseline_may_choose() -> None:
    prompts = [
        with_task(release(), prompt=Prompt("{{ text }}")),
        with_task(release(), prompt=Prompt("{{ text }}", "Be brief.")),
        with_task(release(), prompt=Prompt("{{ text }}"), alternatives=(Prompt("Sort: {{ text }}"),)),
    ]
    assert len({digests(one, material(WHOLE), CANDIDATE)["prompts s.t"] for one in prompts}) == 3


def test_scripts_are_part_of_a_metrics_code() -> None:
    one, other = (
        with_task(release(), metrics=(MetricSpec("mine", {"path": path}, "evaluate", digest),))
        for path, digest in (("/here/mine.py", "x"), ("/here/mine.py", "y"))
    )
    name = "metric mine"
    assert digests(one, material(WHOLE), CANDIDATE)[name] != digests(other, material(WHOLE), CANDIDATE)[name]
