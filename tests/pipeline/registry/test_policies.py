"""The policy that a stage requires: whose it is, and that nobody gets past it without a line in the registry."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from harness.cli.main import main
from harness.pipeline.judging.judge import policy_digest
from harness.pipeline.validate import validate
from tests.pipeline.registry.conftest import known, production
from tests.pipeline.release_project import Project
from tests.tgi_stub import Stub, running


@pytest.fixture
def weaker(project: Project) -> Path:
    """A second release of the same name with a weaker gate; its decision on the candidate is a PASS."""
    with running(Stub()) as stub:
        release = {**project.release, "gates": [{"metric": "queue.accuracy", "at_least": 0.4}]}
        release["serve"] = {**release["serve"], "remote": {**release["serve"]["remote"], "url": stub.url}}
        path = project.root / "staging.yaml"
        path.write_text(yaml.safe_dump(release))
        assert main(["gate", "-f", str(path), "-q", "--no-report"]) == 0
    return path


def call(path: Path, *words: str) -> int:
    return main([words[0], "-f", str(path), *words[1:]])


def test_the_first_promotion_decides_what_a_stage_asks_for(project: Project) -> None:
    release = validate(project.file)
    assert [(line.stage, line.policy, line.before, line.note) for line in known(project).policies] == [
        ("production", policy_digest(release.policy), None, "first promotion")
    ]
    assert project.call("promote", "--to", "production") == 0
    assert len(known(project).policies) == 1


def test_a_weaker_policy_does_not_get_into_production(
    project: Project, weaker: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = project.state.moves.read_bytes()
    assert call(weaker, "promote", "--to", "production") == 2
    said = capfd.readouterr().err
    asked = known(project).policies[0]
    assert f"production requires the policy {asked.policy[:12]} (release.yaml, since {asked.time}" in said
    assert "`harness policy --to production --because TEXT`" in said
    assert project.state.moves.read_bytes() == before
    assert production(project) == 2
    assert call(weaker, "promote", "--to", "staging") == 0, "a stage of its own"
    assert call(weaker, "promote", "--version", "v3", "--to", "production") == 2


def test_changing_it_is_a_line_of_its_own(project: Project, weaker: Path, capfd: pytest.CaptureFixture[str]) -> None:
    moves = project.state.moves.read_bytes()
    assert call(weaker, "policy", "--to", "production", "--because", "fewer rows until March") == 0
    first, second = known(project).policies
    assert (second.stage, second.before, second.file) == ("production", first.policy, "staging.yaml")
    assert second.note == "fewer rows until March"
    assert second.policy == policy_digest(validate(weaker).policy)
    assert second.time
    assert second.by
    assert project.state.moves.read_bytes() == moves, "nothing is promoted by it"
    assert call(weaker, "promote", "--to", "production") == 0
    capfd.readouterr()
    assert call(weaker, "policy") == 0
    said = capfd.readouterr().out
    assert f"{first.policy[:12]}  release.yaml" in said
    assert f"{second.policy[:12]}  staging.yaml" in said
    assert "fewer rows until March" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "production", "--because", "so"], "production requires this policy already"),
        (["--to", "staging", "--because", "so"], "staging requires no policy yet: the first promotion to it decides"),
        (["--to", "production"], "`--because TEXT` says it."),
        (["--to", "production", "--because", " "], "`--because TEXT` says it."),
        (["--to", "prodution", "--because", "so"], "Did you mean 'production'?"),
        (["--to", "archived", "--because", "so"], "that stage has no policy."),
        (["--because", "so"], "--because goes with --to STAGE."),
    ],
)
def test_what_is_no_change_is_refused(
    project: Project, words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = project.state.policies.read_bytes()
    assert project.call("policy", *words) == 2
    assert said in capfd.readouterr().err
    assert project.state.policies.read_bytes() == before


def test_an_older_registry_asks_for_the_policy_of_its_next_promotion(project: Project, weaker: Path) -> None:
    project.state.policies.unlink()
    assert known(project).policy_of("production") is None
    assert call(weaker, "promote", "--to", "production") == 0
    asked = known(project).policy_of("production")
    assert asked
    assert (asked.policy, asked.before) == (policy_digest(validate(weaker).policy), None)


def test_a_rollback_asks_for_no_policy(project: Project, weaker: Path) -> None:
    assert call(weaker, "policy", "--to", "production", "--because", "fewer rows") == 0
    assert call(weaker, "rollback") == 0
    assert production(project) == 1


def test_show_names_file_and_digest(project: Project, weaker: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(weaker, "promote", "--to", "staging") == 0
    capfd.readouterr()
    assert project.call("show", "v3") == 0
    digest = policy_digest(validate(weaker).policy)
    assert f"  policy    {digest}  (staging.yaml)\n" in capfd.readouterr().out
    assert project.call("show", "v3", "--json") == 0
    assert json.loads(capfd.readouterr().out)["policy"] == {"digest": digest, "file": "staging.yaml"}


def test_a_decision_by_a_policy_file_is_verified_by_that_file_as_it_was(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    """Gates and policy in a file of their own are the same policy; the file is kept with the decision."""
    rules = {key: project.release.pop(key) for key in ("gates", "policy")}
    (project.root / "policies").mkdir()
    file = project.root / "policies/production.yaml"
    file.write_text(yaml.safe_dump(rules))
    project.release["policy_file"] = "policies/production.yaml"
    project.write()
    (project.state.reports("r") / "decision.json").unlink()
    decisions = len(list(project.state.decision("0" * 16).parent.glob("*.policy.yaml")))
    with running(Stub()) as stub:
        project.release["serve"]["remote"]["url"] = stub.url
        project.write()
        assert project.call("gate", "-q") == 0
    kept = list(project.state.decision("0" * 16).parent.glob("*.policy.yaml"))
    assert len(kept) == decisions + 1
    place = project.record["results"][0]["gate"]["place"]
    assert place["file"] == "policies/production.yaml"
    assert known(project).policies[0].policy == project.record["digests"]["policy"], "the same policy in another file"
    assert project.call("promote", "--to", "production") == 0
    record = project.state.decision(project.record["id"])
    file.write_text(yaml.safe_dump({**rules, "policy": {"resamples": 2000}}))
    assert project.call("verify", str(record)) == 0, "it is verified by its own policy"
    assert project.call("promote", "--to", "staging") == 2
    assert "the policy is another" in capfd.readouterr().err
    shutil.rmtree(file.parent)
    assert project.call("verify", str(record)) == 0
