"""`experiments:`, `launcher:`, `track:`, `route:` and `canary:` in release.yaml: what is held, and what is refused."""

from __future__ import annotations

import pytest

from harness.config.load import load_release
from harness.core.errors import Problem
from harness.core.releases import Release
from harness.core.routes import CanaryRules, Route
from harness.core.trainings import LauncherSpec, Track, Training
from tests.projects import TRIAGE, Project

EXPERIMENTS = """\
experiments:
  suites: [suites/choose.yaml]
  choose: choose.accuracy
  runs:
    default: {}
    slow: {set: {learning_rate: 0.0001}}
    curated: {data: data/curated.jsonl}
  sweep: {lora_r: [8, 16], lora_dropout: [0.0, 0.05]}
"""


@pytest.fixture
def project(desk: Project) -> Project:
    """With a suite on rows that judge nothing."""
    desk.write(
        "suites/choose.yaml", TRIAGE.replace("name: triage", "name: choose").replace("triage.jsonl", "dev.jsonl")
    )
    rows = [{"id": f"d{n}", "text": f"Row {n} of the choice.", "label": "billing", "language": "en"} for n in range(4)]
    desk.rows("data/dev.jsonl", rows)
    desk.write("data/curated.jsonl", desk.read("data/train.jsonl"))
    return desk


def loaded(project: Project, more: str) -> tuple[Release, list[Problem]]:
    project.write("release.yaml", project.read("release.yaml") + more)
    release, problems = load_release(project.root / "release.yaml")
    assert release is not None
    return release, problems


def said(project: Project, more: str) -> str:
    project.write("release.yaml", project.read("release.yaml") + more)
    return "\n".join(map(str, load_release(project.root / "release.yaml")[1]))


def test_named_trainings_come_first_and_then_all_combinations_of_the_sweep(project: Project) -> None:
    release, problems = loaded(project, EXPERIMENTS)
    assert problems == []
    assert release.experiments is not None
    found = {run.name: run.training for run in release.experiments.runs}
    assert list(found) == [
        "default", "slow", "curated", "lora_r=8,lora_dropout=0.0", "lora_r=8,lora_dropout=0.05",
        "lora_r=16,lora_dropout=0.0", "lora_r=16,lora_dropout=0.05",
    ]  # fmt: skip
    assert found["default"] == release.candidate.training
    assert found["slow"].settings == {"learning_rate": 0.0001}
    assert found["curated"].data == project.root / "data/curated.jsonl"
    assert found["lora_r=16,lora_dropout=0.05"].settings == {"lora_r": 16, "lora_dropout": 0.05}
    assert [suite.name for suite in release.experiments.suites] == ["choose"]
    assert [suite.name for suite in release.suites] == ["triage", "desk"]


def test_without_trainings_the_one_that_is_declared_stands_alone(project: Project) -> None:
    text = "experiments: {suites: [suites/choose.yaml], choose: choose.accuracy, checkpoints: all}\n"
    release, problems = loaded(project, text)
    assert problems == []
    assert release.experiments is not None
    assert release.experiments.checkpoints
    assert [run.name for run in release.experiments.runs] == ["default"]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("choose: choose.accuracy", "choose: choose.acuracy", "unknown metric 'choose.acuracy'"),
        ("suites/choose.yaml", "suites/none.yaml", "the suite 'suites/none.yaml' does not exist."),
        ("suites/choose.yaml", "suites/triage.yaml", "'triage' judges the release; it must not choose the candidate."),
        ("data/curated.jsonl", "data/none.jsonl", "the file 'data/none.jsonl' does not exist."),
        ("curated: {data", "Curated: {data", "must match ^[a-z]"),
        ("lora_r: [8, 16]", "lora_r: []", "'lora_r' is empty; at least 1 is needed."),
        ("lora_r: [8, 16]", f"lora_r: {list(range(1, 40))}", "81 trainings are declared; 64 is the most."),
        ("choose: choose.accuracy", "choose: validation_loss\n  checkpoints: all", "needs a metric in 'choose'"),
    ],
)
def test_each_mistake_is_told_with_its_line(project: Project, old: str, new: str, wanted: str) -> None:
    found = said(project, EXPERIMENTS.replace(old, new))
    assert wanted in found
    assert all(line.startswith("release.yaml:") for line in found.splitlines())


def test_samples_that_judge_must_not_choose_though_their_ids_differ(project: Project) -> None:
    rows = project.read("data/triage.jsonl").replace('"id": "', '"id": "other-')
    project.write("data/dev.jsonl", rows)
    assert "4 samples of 'choose' are samples of 'triage', too." in said(project, EXPERIMENTS)


def test_experiments_need_a_training(project: Project) -> None:
    text = project.read("release.yaml")
    start, end = text.index("  train:"), text.index("serve:")
    project.write("release.yaml", text[:start] + "  adapter: here\n" + text[end:])
    assert "'experiments' need 'candidate.train'" in said(project, EXPERIMENTS)


def test_validation_loss_needs_validation_rows(project: Project) -> None:
    project.write("release.yaml", project.read("release.yaml").replace("    validation: data/validation.jsonl\n", ""))
    assert "needs 'candidate.train.validation'" in said(project, "experiments: {runs: {default: {}}}\n")


def _train(project: Project, more: str) -> tuple[Training, str]:
    text = project.read("release.yaml")
    project.write("release.yaml", text.replace("    axolotl:", f"    {more}\n    axolotl:"))
    release, problems = load_release(project.root / "release.yaml")
    assert release is not None
    assert release.candidate.training is not None
    return release.candidate.training, "\n".join(map(str, problems))


def test_a_launcher_may_be_a_word_or_a_mapping(desk: Project) -> None:
    before = load_release(desk.root / "release.yaml")[0]
    word, problems = _train(desk, "launcher: docker")
    assert problems == ""
    assert word.launcher.kind == "docker"
    assert word.launcher.arguments["gpus"] == "all"
    after = load_release(desk.root / "release.yaml")[0]
    assert before is not None
    assert after is not None
    assert after.digest == before.digest, "where it runs is no part of what is judged"


@pytest.mark.parametrize(
    ("given", "kind", "wanted"),
    [
        ("launcher: {process: {processes: 2}}", "process", ""),
        ("launcher: {ssh: {host: gpu-1, user: me}}", "ssh", ""),
        ("launcher: {ssh: {host: -oProxyCommand=x}}", "", "must match"),
        ("launcher: rocket", "", "unknown key 'rocket'"),
        ("launcher: ssh", "", "the key 'host' is missing."),
        ("launcher: {docker: {}, ray: {}}", "docker", "'launcher' names docker and ray; keep one."),
        ("launcher: {axolotl-cloud: {config: none.yml}}", "axolotl_cloud", "the file 'none.yml' does not exist."),
    ],
)
def test_launchers(desk: Project, given: str, kind: str, wanted: str) -> None:
    text = desk.read("release.yaml")
    desk.write("release.yaml", text.replace("    axolotl:", f"    {given}\n    axolotl:"))
    release, problems = load_release(desk.root / "release.yaml")
    assert wanted in "\n".join(map(str, problems))
    assert bool(problems) == bool(wanted)
    if kind and release is not None and release.candidate.training is not None:
        assert release.candidate.training.launcher.kind == kind


def test_trackers_are_off_until_they_are_named(desk: Project) -> None:
    release = load_release(desk.root / "release.yaml")[0]
    assert release is not None
    assert release.candidate.training is not None
    assert release.candidate.training.track is None
    assert release.candidate.training.launcher == LauncherSpec("process", {"processes": 1})
    named, problems = _train(desk, "track: {mlflow: {uri: 'http://127.0.0.1:5000'}, wandb: {project: desk-runs}}")
    assert problems == ""
    assert named.track == Track("http://127.0.0.1:5000", "desk", "offline", "desk-runs")


def test_a_password_in_a_trackers_address_is_refused(desk: Project) -> None:
    text = desk.read("release.yaml")
    track = "track: {mlflow: {uri: 'http://me:secret@host'}}"
    desk.write("release.yaml", text.replace("    axolotl:", f"    {track}\n    axolotl:"))
    assert "'uri'" in "\n".join(map(str, load_release(desk.root / "release.yaml")[1]))


def test_the_route_and_the_canary_are_held_and_change_no_digest(desk: Project) -> None:
    before = load_release(desk.root / "release.yaml")[0]
    assert before is not None
    assert (before.route, before.canary) == (Route(), CanaryRules())
    release, problems = loaded(
        desk,
        "route: {port: 9000, sticky: X-User-Id, fallback: base, timeout: 20s,\n"
        "  log: {sample: 0.05, redact: ['[0-9]+']}}\n"
        "canary: {share: 0.1, steps: [0.25, 0.5], requests: 500, tolerate: {errors: 0.005}}\n",
    )
    assert problems == []
    assert release.route == Route(port=9000, sticky="X-User-Id", fallback="base", timeout=20.0, log_sample=0.05,
                                  log_redact=("[0-9]+",))  # fmt: skip
    assert release.canary == CanaryRules(shares=(0.1, 0.25, 0.5), requests=500, errors=0.005)
    assert release.digest == before.digest


def test_a_canary_gets_at_most_half_of_the_traffic(desk: Project) -> None:
    assert "less than or equal to 0.5" in said(desk, "canary: {share: 0.9}\n")
