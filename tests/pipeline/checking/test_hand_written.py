"""Tests of the project as gates: with real pytest processes, on the runs that a gate made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cli.main import main
from harness.pipeline.checking.hand_written import with_checks
from harness.pipeline.report import EDITIONS, file_name
from harness.report.record import from_json
from tests.pipeline.release_project import Project, make_project
from tests.pipeline.verifying.records import record_file
from tests.pytest_runs import run
from tests.tgi_stub import Stub, running

# Several pytest processes a test: on a busy machine each takes its time.
pytestmark = pytest.mark.timeout(600)
PATH = "suites/test_orders.py"
PASSES = """
import pytest

@pytest.mark.parametrize("word", ["billing", "shipping"])
def test_word(word, samples, outputs):
    assert any(word in output.text for output in outputs)

class TestModels:
    def test_better(self, candidate, baseline, comparison):
        assert candidate.estimate("accuracy").low > 0.9
        assert comparison("accuracy").low > 0.5
"""
FAILS = PASSES + "\ndef test_fails(candidate):\n    assert not candidate, 'it is there'\n"
SKIPPED = PASSES + "\n@pytest.mark.skip(reason='no time')\ndef test_later(): ...\n"
SKIPPED += "\n@pytest.mark.xfail\ndef test_known():\n    assert 0\n"
BROKEN = "import nothing_of_the_kind\n" + PASSES


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose runs are stored; its checks pass."""
    with running(Stub()) as stub:
        project = make_project(tmp_path_factory.mktemp("measured"), stub.url)
        (project.root / "suites").mkdir()
        project.release["suites"] = ["suites/queue.yaml"]
        project.write()
        shutil.move(project.root / "queue.yaml", project.root / "suites/queue.yaml")
        project.release["checks"] = [PATH]
        write(project, PASSES)
        assert project.gate() == 0
        yield project


@pytest.fixture
def own(measured: Project, tmp_path: Path) -> Project:
    """A copy of it to change."""
    return measured.copied(tmp_path)


def write(project: Project, text: str, path: str = PATH) -> None:
    """A check file, and release.yaml."""
    project.file.write_text(yaml.safe_dump(project.release))
    (project.root / path).write_text(text)


def made(project: Project) -> dict[str, tuple[str, str]]:
    """The verdict and the reason of each check in the newest decision."""
    results = [one for one in project.record["results"] if one["gate"]["rule"] == "check"]
    return {one["gate"]["metric"]: (one["verdict"], one["finding"]["reason"]) for one in results}


def pytest_code(project: Project) -> int:
    """How `pytest suites/` ends on the same store."""
    return run(project.root, "-q", "suites").code


def test_checks_that_pass_are_gates_and_pytest_agrees(measured: Project) -> None:
    assert made(measured) == {
        "checks.test_orders.test_word[billing]": ("PASS", "the check passes"),
        "checks.test_orders.test_word[shipping]": ("PASS", "the check passes"),
        "checks.test_orders.TestModels.test_better": ("PASS", "the check passes"),
    }
    assert measured.record["reason"] == "all 5 gates that must pass do."
    assert measured.record["results"][2]["gate"]["place"] == {"file": PATH, "line": 4}
    assert not list(measured.root.rglob("__pycache__"))
    assert pytest_code(measured) == 0


@pytest.mark.parametrize(
    ("text", "code", "name", "verdict", "why"),
    [
        (FAILS, 1, ".test_fails", "FAIL", "AssertionError: it is there"),
        (SKIPPED, 3, ".test_later", "INCONCLUSIVE", "skipped: no time"),
        (BROKEN, 2, "", "ERROR", "ModuleNotFoundError: No module named 'nothing_of_the_kind'"),
        (PASSES.replace("samples,", "nobody,"), 2, ".test_word[billing]", "ERROR", "fixture 'nobody' not found"),
    ],
)
def test_a_check_that_does_not_pass_holds_the_release(
    own: Project, text: str, code: int, name: str, verdict: str, why: str
) -> None:
    write(own, text)
    assert own.gate() == code
    assert own.record["verdict"] == verdict
    found = made(own)[f"checks.test_orders{name}"]
    assert found[0] == verdict
    assert why in found[1]
    assert own.call("verify", str(record_file(own))) == 0, "the same comes out again"
    assert own.call("promote", "--to", "dev") == code
    assert pytest_code(own) != 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = 1\n", "there is no test in it"),
        ("import os\ndef test_a(): ...\ndef test_b(): os._exit(0)\n", "ended too early (0): "),
        ("import pytest\ndef test_a(): ...\ndef test_b(): pytest.exit('enough', 0)\n", "Exit: enough"),
    ],
)
def test_a_process_that_breaks_off_is_an_error_whatever_its_exit_code(own: Project, text: str, why: str) -> None:
    write(own, text)
    assert own.gate() == 2
    verdict, said = made(own)["checks.test_orders"]
    assert verdict == "ERROR"
    assert why in said


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_file_that_exits_while_it_is_imported_is_that_checks_error(own: Project, code: int) -> None:
    """The other files are made all the same."""
    own.release["checks"] = ["suites/test_exits.py", PATH]
    write(own, f"import sys\n\ndef test_it(): ...\n\nsys.exit({code})\n", "suites/test_exits.py")
    write(own, PASSES)
    assert own.gate() == 2
    endings = made(own)
    verdict, why = endings.pop("checks.test_exits")
    assert (verdict, why) == ("ERROR", f"the file exits while it is imported (SystemExit: {code})")
    assert len(endings) == 3
    assert {verdict for verdict, _ in endings.values()} == {"PASS"}


def test_each_file_counts_for_itself(own: Project) -> None:
    """Also where one's name begins like the other's, and one cannot be imported."""
    own.release["checks"] = [PATH, "suites/test_orders/test_more.py"]
    (own.root / "suites/test_orders").mkdir()
    write(own, BROKEN)
    write(own, "def test_more(candidate): ...\n", "suites/test_orders/test_more.py")
    assert own.gate() == 2
    assert {name: verdict for name, (verdict, _) in made(own).items()} == {
        "checks.test_orders": "ERROR", "checks.test_more.test_more": "PASS",
    }  # fmt: skip


def test_it_is_verified_promoted_and_rendered(own: Project, capfd: pytest.CaptureFixture[str]) -> None:
    record, bundles = str(record_file(own)), str(own.state.state / "runs")
    assert own.call("promote", "--to", "dev") == 0
    assert own.call("verify", record) == 0
    assert "as recorded" not in capfd.readouterr().out
    assert own.call("verify", record, "--bundles", bundles) == 0
    assert "Its checks in Python are as recorded" in capfd.readouterr().out
    files = [f"--{name}={own.root / name}" for name in ("junit", "markdown", "sarif")]
    assert own.call("gate", *files) == 0
    said = capfd.readouterr().out
    assert "checks.test_orders.test_word[billing]  passes as a test  [gating]" in said
    page, client = ((own.state.reports("r") / file_name(_decided(own), edition)).read_text() for edition in EDITIONS)
    assert page.count("checks.test_orders.test_word[billing]: the check passes → PASS.") == 1
    assert client.count("The check “word[billing]” was made, and the new model passes it.") == 1
    assert "test_orders" not in client
    for text in (said, page, *((own.root / name).read_text() for name in ("junit", "markdown"))):
        assert "test_orders" in text.replace("\\", "")
        assert "not measured" not in text.partition("</section>")[0].partition('id="gates"')[2]


def _decided(own: Project) -> str:
    return str(json.loads((own.state.reports("r") / "decision.json").read_text())["id"])


@pytest.mark.parametrize("change", ["edited", "gone"])
def test_another_file_is_named_and_not_run(own: Project, change: str, capfd: pytest.CaptureFixture[str]) -> None:
    if change == "edited":
        write(own, "open('it_ran', 'w')\n" + PASSES)
    else:
        (own.root / PATH).unlink()
    told = "is another than when it was decided" if change == "edited" else "was there when it was decided"
    assert own.call("verify", str(record_file(own))) == 2
    assert f"the check {PATH} {told}" in capfd.readouterr().err
    assert own.call("promote", "--to", "dev") == 2
    assert not (own.root / "it_ran").exists()


def test_settings_and_conftest_of_the_project_change_nothing(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write(own, FAILS)
    (own.root / "pytest.ini").write_text("[pytest]\naddopts = -k word\n")
    (own.root / "conftest.py").write_text("def pytest_collection_modifyitems(items): del items[-1]\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k word")
    assert own.gate() == 1
    assert len(made(own)) == 4


def test_checks_see_the_release_that_is_judged(own: Project) -> None:
    """And not the one that the nearest release.yaml declares."""
    other: dict[str, Any] = {**own.release, "name": "r", "baselines": {"second": {"few_shot": 2}}}
    other["gates"] = [{"metric": "queue.accuracy", "at_least": 0.8}]
    text = "def test_name(baseline, candidate):\n    assert baseline.role == 'base'\n"
    write(own, text)
    shutil.copy(own.file, own.root / "first.yaml")
    own.file.write_text(yaml.safe_dump(other))
    assert main(["gate", "-f", str(own.root / "first.yaml"), "-q", "--no-report"]) == 0


def test_checks_hold_a_decision_and_never_lift_it(measured: Project) -> None:
    decision = from_json(measured.record)
    own, checks = decision.results[:2], decision.results[2:]
    for verdict in ("FAIL", "ERROR", "INCONCLUSIVE", "PASS"):
        held = from_json({**measured.record, "verdict": verdict, "results": []})
        assert with_checks(held, checks, {}).verdict == verdict
    assert with_checks(decision, (), {}).results == (*own, *checks)
