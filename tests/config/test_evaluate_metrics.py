"""`evaluate:` in a task's metrics: scripts by their bytes, names that gates can use, mistakes at their lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from harness.config import json_schema
from harness.config.suites import load_suite
from harness.core.metric_refs import metric_refs
from harness.core.suites import Suite
from tests.projects import Project

DESK = "suites/desk.yaml"


@pytest.fixture
def scripted(desk: Project) -> Project:
    """A summary task with a metric of the project's own."""
    desk.write("metrics/overlap/overlap.py", "first = 1\n")
    desk.swap(DESK, "      - format\n", "      - format\n      - evaluate:metrics/overlap: {better: lower}\n")
    return desk


def loaded(project: Project) -> Suite:
    suite, problems = load_suite(project.root, DESK)
    assert problems == []
    assert suite is not None
    return suite


def digest(project: Project) -> str:
    return loaded(project).tasks[1].digest


def test_each_way_to_name_a_script_is_read(scripted: Project) -> None:
    scripted.swap(
        DESK,
        "      - evaluate:metrics/overlap: {better: lower}\n",
        "      - evaluate:metrics/overlap: {better: lower}\n"
        "      - evaluate:\n"
        "          {path: metrics/overlap/overlap.py, better: higher, key: F1, scale: 100, arguments: {power: 2}}\n"
        '      - "evaluate:rouge": {better: higher, key: rougeL, revision: v1}\n',
    )
    suite = loaded(scripted)
    cache = {"cache": str(scripted.root / ".harness/evaluate")}
    found = {spec.name: (spec.catalog_name, dict(spec.arguments)) for spec in suite.tasks[1].metrics[2:]}
    assert found == {
        "overlap": ("evaluate", {"path": str(scripted.root / "metrics/overlap"), "better": "lower", **cache}),
        "overlap_f1": (
            "evaluate",
            {
                "path": str(scripted.root / "metrics/overlap/overlap.py"),
                "better": "higher",
                "key": "F1",
                "scale": 100,
                "arguments": {"power": 2},
                **cache,
            },
        ),
        "rouge_rougel": ("evaluate", {"path": "rouge", "better": "higher", "key": "rougeL", "revision": "v1", **cache}),
    }
    assert {"desk.summary.overlap", "desk.summary.overlap_f1", "desk.summary.rouge_rougel"} <= set(metric_refs([suite]))


def test_a_changed_script_or_one_beside_it_is_another_metric(scripted: Project) -> None:
    before = digest(scripted)
    assert digest(scripted) == before
    scripted.write("metrics/overlap/helper.py", "x = 1\n")
    helped = digest(scripted)
    scripted.write("metrics/overlap/overlap.py", "second = 2\n")
    assert len({before, helped, digest(scripted)}) == 3


def test_the_digest_is_the_same_wherever_the_project_lies(scripted: Project, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    for name, data in scripted.files().items():
        Project(other).write(name, data)
    first, second = loaded(scripted).tasks[1], loaded(Project(other)).tasks[1]
    assert first.digest == second.digest
    assert [spec.identity for spec in first.metrics] == [spec.identity for spec in second.metrics]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "evaluate:metrics/overlop: {better: higher}",
            "the metric script 'metrics/overlop/overlop.py' does not exist.",
        ),
        ("evaluate:./overlap: {better: higher}", "the metric script 'overlap/overlap.py' does not exist."),
        (
            "evaluate:metrics/overlap/other.py: {better: higher}",
            "the metric script 'metrics/overlap/other.py' does not exist.",
        ),
        ("evaluate:metrics: {better: higher}", "the metric script 'metrics/metrics.py' does not exist."),
        (
            "evaluate:metrics/overlap: {better: higher}\n      - evaluate:metrics/overlap: {better: lower}",
            "the metric 'overlap' stands twice.",
        ),
        ("evaluate:rouge_1: {better: higher}", "the metric 'rouge_1' stands twice."),
        ("evaluate: {key: f1, better: higher}", "the key 'path' is missing."),
        ("evaluate: {path: rouge, kee: f1}", "unknown argument 'kee' of evaluate. Did you mean 'key'?"),
        ('"evaluate:rouge": {kee: f1}', "unknown argument 'kee' of evaluate. Did you mean 'key'?"),
        ("evaluate: {path: rouge, better: higher, scale: 0}", "'scale' must be above 0."),
        ("evaluate: {path: rouge, better: higher, scale: '100'}", "'scale' must be a number, not text ('100')."),
        ("evaluate: {path: rouge, better: higher, key: a b}", "'rouge_a b' is no name for a metric"),
        ("evaluate:2rouge: {better: higher}", "'2rouge' is no name for a metric"),
        ('"evaluate:": {better: higher}', "'' is no name for a metric"),
    ],
)
def test_a_mistake_is_told_at_its_line(desk: Project, written: str, said: str) -> None:
    desk.write("metrics/overlap/overlap.py", "")
    line = desk.swap(DESK, "- format", f"- {written}")
    found = desk.problems()
    assert [
        problem
        for problem in found
        if said in problem and problem.startswith(f"{DESK}:{line + written.count(chr(10))}:")
    ], found
    assert len(found) == 1


@pytest.mark.parametrize(
    ("written", "write"),
    [
        (
            "evaluate:metrics/overlap",
            "Write 'evaluate:metrics/overlap: {better: lower}' for an error rate (0 is perfect)",
        ),
        ('"evaluate:wer": {scale: 100}', "Write 'evaluate:wer: {better: lower}' for an error rate"),
        (
            "evaluate: {path: rouge}",
            "Add 'better: lower' for an error rate (0 is perfect), 'better: higher' for a score",
        ),
        ("evaluate: {path: rouge, better: less}", "'better' must be 'higher' or 'lower', not 'less'."),
    ],
)
def test_a_metric_whose_direction_is_not_known_is_refused(desk: Project, written: str, write: str) -> None:
    desk.write("metrics/overlap/overlap.py", "")
    line = desk.swap(DESK, "- format", f"- {written}")
    (found,) = desk.problems()
    assert found.startswith(f"{DESK}:{line}:")
    assert write in found


def test_it_does_not_fit_tasks_without_texts(desk: Project) -> None:
    desk.swap(DESK, "metrics: [exact_match,", 'metrics: [exact_match, "evaluate:rouge": {better: higher},')
    assert ["does not fit tasks of the kind 'extract'" in problem for problem in desk.problems()] == [True]


@pytest.mark.parametrize(
    ("item", "good"),
    [
        ("evaluate:metrics/overlap", False),
        ({"evaluate:metrics/overlap": {"better": "lower"}}, True),
        ({"evaluate:metrics/overlap": {"better": "less"}}, False),
        ({"evaluate:": {"better": "lower"}}, False),
        ("evaluated:rouge", False),
        ({"evaluate": {"path": "rouge", "better": "higher", "key": "rouge1"}}, True),
        ({"evaluate": {"key": "rouge1", "better": "higher"}}, False),
        ({"evaluate:rouge": {"better": "higher", "key": "rouge1", "scale": 100}}, True),
        ({"evaluate:rouge": {"better": "higher", "kee": "rouge1"}}, False),
    ],
)
def test_an_editor_knows_it(item: object, good: bool) -> None:
    suite = yaml.safe_load("{name: a, tasks: {t: {kind: generate, metrics: []}}}")
    suite["tasks"]["t"]["metrics"] = [item]
    schema = json.loads(json_schema.texts()["suite.schema.json"])
    assert Draft202012Validator(schema).is_valid(suite) == good
