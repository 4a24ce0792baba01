"""The pytest plugin as its users see it: whole pytest runs in a project whose runs are stored.

Most runs are in this process, as pytest tests its own plugins; what may depend on that is a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import yaml

from harness.core.decisions import Finding, GateResult
from harness.core.estimates import Unestimable
from harness.core.places import Place
from harness.core.policies import Gate
from harness.core.verdicts import Role, Verdict, release_verdict
from harness.pytest_plugin.nodes import _reading
from tests.pipeline.release_project import Project, make_project
from tests.projects import ENVIRONMENT
from tests.pytest_runs import collected, run, run_alone
from tests.tgi_stub import Stub, running

GATES = [
    {"metric": "queue.accuracy", "at_least": 0.8, "role": "critical"},
    {"metric": "queue.accuracy", "against": "base", "improves": True},
    {"metric": "queue.format", "at_least": 0.9999, "role": "advisory"},
    {"metric": "queue.format", "against": "base", "margin": 0.0001, "role": "guardrail"},
    {"metric": "errors.rate", "at_most": 0.2},
]
SUITE = ["queue.accuracy:at_least", "queue.accuracy:improves:base", "queue.format:at_least", "queue.format:margin:base"]
NODES = [
    *(f"suites/queue.yaml::{name}" for name in SUITE),
    "release.yaml::errors.rate:at_most",
    "release.yaml::release",
]
CHECKS = """
import pytest

def test_sees_the_stored_runs(candidate, baseline, samples, outputs, comparison):
    assert (candidate.role, baseline.role) == ("candidate", "base")
    assert [output.sample_id for output in outputs] == [sample.id for sample in samples]
    assert outputs[0].text == samples[0].target
    assert len(samples) == candidate.run.counts.total == 60
    assert candidate.estimate("accuracy").low > 0.9 > baseline.estimate("accuracy").high
    assert comparison("accuracy").pairs == 60
    assert comparison("accuracy").low > 0.5

@pytest.mark.harness(suite="queue", task="sort")
@pytest.mark.baseline("base")
def test_named(comparison):
    assert comparison("macro_f1").difference > 0

def test_fails(candidate):
    assert candidate.estimate("accuracy").low > 0.99, "too low"

@pytest.mark.baseline("nobody")
def test_no_such_baseline(baseline): ...

@pytest.mark.harness(task="other")
def test_no_such_task(candidate): ...
"""


def make(root: Path, url: str, **suite: str) -> Project:
    """A project whose suite lies in suites/."""
    project = make_project(root, url)
    (root / "suites").mkdir()
    project.release |= {"suites": ["suites/queue.yaml"], "gates": GATES, "measure": {"requests": 60, "warm_up": 2}}
    project.release["serve"]["unproven"] = "accept"  # nothing stands in for the weights, which are none
    project.suite |= suite
    project.write()
    (root / "queue.yaml").replace(root / "suites/queue.yaml")
    return project


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with running(Stub()) as stub:
        yield stub


@pytest.fixture(scope="module")
def passing(stub: Stub, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A release that `harness gate` passed."""
    project = make(tmp_path_factory.mktemp("passing"), stub.url)
    assert project.gate() == 0
    return project


def test_it_is_an_entry_point() -> None:
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.entry-points.pytest11]\nharness = "harness.pytest_plugin"' in text


def test_loading_it_brings_nothing_else_of_harness() -> None:
    code = "import sys, harness.pytest_plugin; print(*sorted(m for m in sys.modules if m.startswith('harness')))"
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["harness", "harness.pytest_plugin"]


def test_each_gate_is_an_item_and_the_decision_is_the_gates(passing: Project) -> None:
    before = {path: path.read_bytes() for path in passing.state.state.rglob("*") if path.is_file()}
    ended = run_alone(passing.root, "suites", "-rs")
    assert ended.code == 0, ended.output
    assert ended.endings == {
        **dict.fromkeys([*SUITE, "errors.rate:at_most", "release"], "passed"),
        "queue.format:at_least": "skipped",
        "queue.format:margin:base": "skipped",
    }
    assert ended.items["queue.format:at_least"][1].startswith("advisory: queue.format: 100.0 %")
    assert ended.items["queue.format:margin:base"][1].startswith("inconclusive: queue.format: ")
    assert ended.decisions == {passing.record["id"]}
    line = 1 + passing.file.read_text().splitlines().index("- metric: queue.format")
    assert f"release.yaml:{line}: advisory" in ended.output
    after = {path: path.read_bytes() for path in passing.state.state.rglob("*") if path.is_file()}
    assert after == before, "it only reads"


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["suites"], NODES), (["suites/queue.yaml"], NODES), (["suites", "release.yaml"], NODES),
        (["release.yaml"], NODES[4:] + NODES[:4]), (["--harness"], NODES[4:] + NODES[:4]),
        (NODES[:1], NODES[:1]), (NODES[5:], NODES[5:]), ([], []),
        (["suites", "-k", "improves"], NODES[1:2]), (["suites", "-m", "critical or guardrail"], [NODES[0], NODES[3]]),
        (["suites", "-m", "queue and at_least"], [NODES[0], NODES[2]]), (["suites", "-m", "harness"], NODES),
    ],
)  # fmt: skip
def test_what_is_named_is_collected(passing: Project, words: list[str], ids: list[str]) -> None:
    assert collected(passing.root, *words) == ids


def test_the_same_in_two_processes(passing: Project) -> None:
    one, two = run(passing.root, "suites"), run_alone(passing.root, "suites", "-n", "2")
    assert two.code == 0, two.output
    assert two.items == one.items
    assert two.decisions == one.decisions


def test_checks_in_python_see_the_stored_runs(passing: Project) -> None:
    file = passing.root / "suites/test_checks.py"
    file.write_text(CHECKS)
    try:
        ended = run(passing.root, str(file))
    finally:
        file.unlink()
    assert ended.code == 1
    assert ended.endings == {
        "test_sees_the_stored_runs": "passed", "test_named": "passed", "test_fails": "failure",
        "test_no_such_baseline": "error", "test_no_such_task": "error",
    }, ended.output  # fmt: skip
    assert "the release has no baseline 'nobody'" in ended.output
    assert "Name one with @pytest.mark.harness(suite=…, task=…): queue.sort" in ended.output


def test_a_release_that_fails_fails_here_without_a_traceback(tmp_path: Path, stub: Stub) -> None:
    project = make(tmp_path, stub.url)
    project.weights.write_bytes(project.weights.read_bytes() + b"!")
    stub.answer = lambda text, adapter: "other" if not text.endswith("other") else "billing"
    try:
        assert project.gate() == 1
    finally:
        stub.answer = Stub().answer
    ended = run(tmp_path, "suites")
    assert ended.code == 1
    assert ended.endings["queue.accuracy:at_least"] == ended.endings["release"] == "failure"
    assert ended.items["queue.accuracy:at_least"][1] == project.record["results"][0]["sentence"]
    assert ended.items["queue.accuracy:improves:base"][1].startswith("inconclusive: ")
    assert ended.items["release"][1] == f"r: {project.record['reason']}"
    assert "Traceback" not in ended.output
    assert ".py" not in ended.output.partition("FAILURES")[2]
    assert run(tmp_path, "suites", "-x").endings == {"queue.accuracy:at_least": "failure"}


def test_what_was_not_run_is_an_error_and_runs_where_that_is_asked(tmp_path: Path, stub: Stub) -> None:
    project, asked = make(tmp_path, stub.url), len(stub.asked)
    ended = run(tmp_path, "suites")
    assert ended.code == 1
    assert set(ended.endings.values()) == {"error"}
    assert ended.output.count("nothing was run yet: run `harness run` first.") >= 6
    assert len(stub.asked) == asked, "nobody is asked anything"
    assert run_alone(tmp_path, "suites", "--harness-run", "-n", "2").code == 0
    assert len(project.bundles) == 3
    text = (tmp_path / "suites/queue.yaml").read_text().replace("{{ text }}", "Sort: {{ text }}")
    (tmp_path / "suites/queue.yaml").write_text(text)
    ended = run(tmp_path, "suites")
    assert set(ended.endings.values()) == {"error"}
    assert "not run yet as release.yaml asks now: queue · candidate, queue · base, measured." in ended.output


def test_a_changed_bundle_is_an_error(tmp_path: Path, stub: Stub) -> None:
    project = make(tmp_path, stub.url)
    assert project.gate() == 0
    with (project.bundles[0] / "answers.jsonl").open("a") as file:
        file.write("\n")
    ended = run(tmp_path, "suites")
    assert ended.code == 1
    assert set(ended.endings.values()) == {"error"}
    assert "was changed after its run: answers.jsonl" in ended.output


def test_the_problems_of_a_release_are_shown(tmp_path: Path, stub: Stub) -> None:
    project = make(tmp_path, stub.url)
    project.file.write_text(project.file.read_text().replace("queue.format", "queue.fromat"))
    for words in (["suites"], ["suites", "--harness-run"]):
        ended = run(tmp_path, *words)
        assert ended.code == 2
        assert "release.yaml:" in ended.output
        assert "queue.fromat" in ended.output
    project.file.write_text("suites: [\ngates: {\n")
    ended = run(tmp_path, "suites")
    assert ended.code == 2
    assert "release.yaml" in ended.output


def test_another_tools_release_yaml_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_text("chart: {{ .Values.name }}\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/values.yaml").write_text("a: 1\n")
    (tmp_path / "tests/test_it.py").write_text("def test_it(): pass\n")
    assert collected(tmp_path, "tests") == ["tests/test_it.py::test_it"]


MONOREPO = "def test_it(): pass\n"


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    """Its own tests, which pytest takes by itself, and below a release that it does not meet."""
    for name in ("tests/test_it.py", "ml/desk/release.yaml", "chart/release.yaml"):
        (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    (tmp_path / "tests/test_it.py").write_text(MONOREPO)
    (tmp_path / "ml/desk/release.yaml").write_text("suites: [suites/queue.yaml]\ngates: []\n")
    (tmp_path / "chart/release.yaml").write_text("chart: {{ .Values.name }}\n")
    return tmp_path


@pytest.mark.parametrize("words", [[], ["tests"], ["-n", "2"], ["-k", "test_it"], ["-m", "not harness"]])
def test_where_all_gates_are_wanted_and_none_is_met_that_is_an_error(monorepo: Path, words: list[str]) -> None:
    ended = run(monorepo, "--harness", *words)
    assert ended.code == 1, ended.output
    assert ended.endings == {"test_it": "passed", "gates": "error"}
    said = "Release files lie at ml/desk/release.yaml: run `pytest --harness ml/desk`."
    assert said in ended.items["gates"][1] or said in ended.output
    assert "Traceback" not in ended.output
    assert run(monorepo, *words).endings == {"test_it": "passed"}


def test_whoever_names_python_files_wants_no_gates(monorepo: Path) -> None:
    assert run(monorepo, "--harness", "tests/test_it.py").endings == {"test_it": "passed"}
    assert run(monorepo, "--harness", "tests/test_it.py::test_it").code == 0


def test_a_folder_without_any_release_says_so(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(MONOREPO)
    ended = run(tmp_path, "--harness")
    assert ended.code == 1
    assert f"No release.yaml with suites and gates lies in or below {tmp_path}" in ended.output


def test_the_release_is_judged_where_one_of_its_suites_lies_in_another_folder(tmp_path: Path, stub: Stub) -> None:
    """Gates of the suites that were named could all pass, and the release fail."""
    project = make(tmp_path, stub.url)
    other = (tmp_path / "suites/queue.yaml").read_text().replace("name: queue", "name: more")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/more.yaml").write_text(other)
    project.release["suites"] = ["suites/queue.yaml", "elsewhere/more.yaml"]
    project.release["gates"] = [*GATES, {"metric": "more.accuracy", "at_least": 0.8}]
    project.file.write_text(yaml.safe_dump(project.release, sort_keys=False))
    ids = collected(tmp_path, "suites")
    assert ids.count("release.yaml::release") == ids.count("elsewhere/more.yaml::more.accuracy:at_least") == 1
    assert len(ids) == len(set(ids)) == len(NODES) + 1
    assert collected(tmp_path, "suites/queue.yaml") == NODES[:4]


@pytest.mark.parametrize("name", ["skip", "xfail"])
def test_a_suites_name_is_never_one_of_pytests_own_marks(tmp_path: Path, stub: Stub, name: str) -> None:
    project = make(tmp_path, stub.url, name=name)
    project.file.write_text(project.file.read_text().replace("metric: queue.", f"metric: {name}."))
    ended = run(tmp_path, "suites")
    assert set(ended.endings.values()) == {"error"}, "without runs no gate ends otherwise"


@pytest.mark.parametrize(("role", "verdict", "waived"), list(product(Role, Verdict, (False, True))))
def test_a_gate_fails_exactly_where_it_holds_the_release_back(role: Role, verdict: Verdict, waived: bool) -> None:
    gate = Gate("s.accuracy", "at_least", 0.5, None, role, Place("release.yaml", 1))
    finding = Finding(Unestimable("none"), 0.5)
    ending, said = _reading(GateResult(gate, verdict, finding, "the sentence.", "", waived=waived))
    others = [(Role.CRITICAL, Verdict.PASS)]
    holds = release_verdict([*others, *([] if waived else [(role, verdict)])]) is not Verdict.PASS
    assert (ending in ("failed", "error")) == holds
    assert (ending == "error") == (holds and verdict is Verdict.ERROR)
    assert (ending == "passed") == (verdict is Verdict.PASS)
    assert said.endswith("the sentence.")
