"""Only the very adapter that a stored PASS was given to, by the rules as they stand, becomes a version."""

from __future__ import annotations

import pytest

from harness.store.files import lines_of
from tests.pipeline.conftest import Gated
from tests.pipeline.release_project import Project
from tests.tgi_stub import Stub


def versions(project: Project, capfd: pytest.CaptureFixture[str]) -> str:
    capfd.readouterr()
    project.call("status")
    return capfd.readouterr().out.partition("versions ")[2]


def test_a_pass_becomes_a_version_once_and_moves_from_stage_to_stage(
    passed: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    for stage in ("staging", "staging", "production"):
        assert passed.call("promote", "--to", stage) == 0
        said = capfd.readouterr().out
        assert f"version 1 of r is in {stage}" in said
        assert passed.record["id"][:12] in said
    assert versions(passed, capfd).startswith("(1)\n  v1    production")
    assert [line["stage"] for line in lines_of(passed.state.moves)] == ["staging", "production"]


def test_promotion_asks_no_server(passed: Project, gated_once: Gated) -> None:
    asked = len(gated_once.stub.asked)
    assert passed.call("promote", "--to", "dev") == 0
    assert len(gated_once.stub.asked) == asked


def test_without_a_decision_there_is_nothing_to_promote(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert project.call("promote", "--to", "dev") == 2
    assert "run `harness gate` first" in capfd.readouterr().err


@pytest.mark.parametrize(("verdict", "code"), [("FAIL", 1), ("INCONCLUSIVE", 3)])
def test_what_did_not_pass_is_refused_with_the_gates_own_code(
    project: Project, stub: Stub, verdict: str, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    if verdict == "FAIL":
        stub.answer = lambda text, adapter: "x"
    else:
        stub.prefill = False
    assert project.gate() == code
    assert project.call("promote", "--to", "dev") == code
    assert f"is {verdict}, not PASS" in capfd.readouterr().err
    assert versions(project, capfd).startswith("(0)")


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json"])
def test_other_bytes_are_refused(passed: Project, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = passed.root / "adapter" / name
    data = path.read_bytes()
    path.write_bytes(data.replace(b"adapter_", b"Adapter_") if path.suffix == ".json" else data[:-2] + b"!}")
    assert passed.call("promote", "--to", "dev") == 2
    assert "was given to the adapter" in capfd.readouterr().err
    assert versions(passed, capfd).startswith("(0)")


def test_another_base_model_is_refused(passed: Project, capfd: pytest.CaptureFixture[str]) -> None:
    (passed.root / "base/tokenizer.json").write_text("{}")
    assert passed.call("promote", "--to", "dev") == 2
    assert "was given to the base" in capfd.readouterr().err


@pytest.mark.parametrize("change", ["threshold", "fewer gates", "alpha", "prompt", "unproven"])
def test_other_rules_are_refused(passed: Project, change: str, capfd: pytest.CaptureFixture[str]) -> None:
    if change == "threshold":
        passed.release["gates"][0]["at_least"] = 0.7
    elif change == "fewer gates":
        del passed.release["gates"][1]
    elif change == "alpha":
        passed.release["policy"]["alpha"] = 0.01
    elif change == "prompt":
        passed.suite["tasks"]["sort"]["prompt"]["user"] = "Sort: {{ text }}"
    else:
        passed.release["serve"]["unproven"] = "accept"
    passed.write()
    assert passed.call("promote", "--to", "dev") == 2
    assert "does not follow from the stored runs and today's release.yaml" in capfd.readouterr().err
    assert versions(passed, capfd).startswith("(0)")


def test_edited_evidence_is_refused(passed: Project, capfd: pytest.CaptureFixture[str]) -> None:
    (passed.bundles[0] / "scores.parquet").write_text("")
    assert passed.call("promote", "--to", "dev") == 2
    assert "was changed after its run" in capfd.readouterr().err
    assert versions(passed, capfd).startswith("(0)")


def test_an_older_pass_is_not_promoted_under_other_rules(passed: Project, capfd: pytest.CaptureFixture[str]) -> None:
    first = passed.record["id"]
    passed.release["gates"][0]["at_least"] = 0.999
    passed.write()
    assert passed.gate() != 0
    assert passed.call("promote", "--to", "dev") != 0, "the newest decision counts"
    assert passed.call("promote", "--to", "dev", "--decision", first[:8]) == 2
    passed.release["gates"][0]["at_least"] = 0.8
    passed.write()
    assert passed.call("promote", "--to", "dev", "--decision", first[:8]) == 0


@pytest.mark.parametrize("prefix", ["zzz", "%"])
def test_an_unknown_decision_is_told(passed: Project, prefix: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert passed.call("promote", "--to", "dev", "--decision", prefix) == 2
    assert f"no single decision of r starts with '{prefix}'" in capfd.readouterr().err


def test_an_unknown_stage_is_a_usage_error(passed: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert passed.call("promote", "--to", "prodction") == 2
    assert "there is no stage 'prodction'. Did you mean 'production'?" in capfd.readouterr().err
    assert passed.call("promote") == 2
    assert "--to" in capfd.readouterr().err


def test_a_report_is_rendered_again(passed: Project, gated_once: Gated, capfd: pytest.CaptureFixture[str]) -> None:
    asked = len(gated_once.stub.asked)
    assert passed.call("report") == 0
    said = capfd.readouterr().out
    identity = passed.record["id"]
    assert f"PASS {identity[:12]}" in said
    assert "PASS" in (passed.state.reports("r") / f"{identity[:12]}.html").read_text(encoding="utf-8")
    assert len(gated_once.stub.asked) == asked


def test_an_old_report_shows_the_release_as_it_was(passed: Project, capfd: pytest.CaptureFixture[str]) -> None:
    first = passed.record["id"]
    text = passed.file.read_text()
    passed.release["policy"]["alpha"] = 0.011
    passed.write()
    passed.gate()
    assert passed.record["id"] != first
    assert passed.state.declaration(first).read_text() == text
    assert passed.call("report", first[:10]) == 0
    page = (passed.state.reports("r") / f"{first[:12]}.html").read_text(encoding="utf-8")
    assert "0.011" not in page
    assert passed.call("report") == 0
    assert "0.011" in (passed.state.reports("r") / f"{passed.record['id'][:12]}.html").read_text(encoding="utf-8")


def test_a_decision_whose_release_is_gone_is_told(passed: Project, capfd: pytest.CaptureFixture[str]) -> None:
    passed.state.declaration(passed.record["id"]).unlink()
    assert passed.call("report") == 2
    assert "does not exist" in capfd.readouterr().err
