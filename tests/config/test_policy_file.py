"""Gates and policy in a file of their own: the same release, and each mistake at the line of the file that has it."""

from __future__ import annotations

import pytest
import yaml
from jsonschema import Draft202012Validator

from harness.config import json_schema
from harness.config.load import load_release
from harness.core.places import Place
from harness.pipeline.judging.judge import policy_digest
from tests.projects import RELEASE, Project

FILE, RULES = "release.yaml", "policies/production.yaml"
START = RELEASE.index("gates:")


@pytest.fixture
def split(desk: Project) -> Project:
    """The project with its gates and its policy in another file."""
    desk.write(RULES, f"version: 1\n{RELEASE[START:]}")
    desk.write(FILE, f"{RELEASE[:START]}policy_file: {RULES}\n")
    return desk


def test_it_is_the_same_release(desk: Project, split: Project) -> None:
    apart, problems = load_release(split.root / FILE)
    split.write(FILE, RELEASE)
    whole, _ = load_release(split.root / FILE)
    assert problems == []
    assert apart
    assert whole
    assert policy_digest(apart.policy) == policy_digest(whole.policy)
    assert apart.digest == whole.digest
    assert apart.policy.gates[0].place == Place(RULES, 3)
    assert (apart.policy_place, whole.policy_place) == (Place(RULES, 7), Place(FILE, 20))


def test_several_releases_share_one_by_its_path(split: Project) -> None:
    """Also from another folder."""
    split.write("production.yaml", split.read(RULES))
    split.write("inner/release.yaml", split.read(FILE).replace(RULES, "../production.yaml"))
    release, problems = load_release(split.root / "inner/release.yaml", split.root)
    assert release is None
    assert "policy file '../production.yaml' does not exist" in str(problems[0])
    release, _ = load_release(split.root / "inner/release.yaml")
    assert release
    assert release.policy.gates[0].place.file == "../production.yaml"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("triage.accuracy", "triage.acuracy", "no suite gives the metric 'triage.acuracy'"),
        ("margin: 0.1", "margin: 2", "'margin' (2) should be less than 1. For 2 % write 0.02."),
        ("alpha: 0.05", "alhpa: 0.05", "unknown key 'alhpa'. Did you mean 'alpha'?"),
        ("against: base, improves", "against: bas, improves", "there is no baseline 'bas'. Did you mean 'base'?"),
        ("version: 1", "suites: []", "unknown key 'suites'."),
        ("version: 1", "version: 2", "'version' must be 1."),
    ],
)
def test_a_mistake_is_told_at_its_own_line(split: Project, old: str, new: str, said: str) -> None:
    line = split.swap(RULES, old, new)
    (problem,) = split.problems()
    assert problem.startswith(f"{RULES}:{line}: ")
    assert said in problem


def test_rules_in_both_places_are_refused_with_both_lines(split: Project) -> None:
    split.write(FILE, f"{split.read(FILE)}policy: {{alpha: 0.01}}\ngates: []\n")
    line = split.read(FILE).count("\n")
    assert split.problems() == [
        f"{FILE}:{line - 1}: 'policy' stands here and in {RULES}:7. Keep one of them.",
        f"{FILE}:{line}: 'gates' stands here and in {RULES}:2. Keep one of them.",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, f"{FILE}:15: the policy file '{RULES}' does not exist."),
        ("policy: {}\n", f"{RULES}:1: the key 'gates' is missing."),
        ("gates: [\n", f"{RULES}:2: is not valid YAML"),
        ("- a\n", f"{RULES}:1: must be a mapping of keys"),
    ],
)
def test_a_file_that_is_none(split: Project, text: str | None, said: str) -> None:
    (split.root / RULES).unlink()
    if text is not None:
        split.write(RULES, text)
    assert any(problem.startswith(said) for problem in split.problems()), split.problems()


def test_the_schemas_take_rules_in_either_place_and_not_in_both(split: Project) -> None:
    release, rules = (Draft202012Validator(json_schema.schema(name)) for name in ("release", "policy"))
    assert release.is_valid(yaml.safe_load(RELEASE))
    apart = yaml.safe_load(split.read(FILE))
    assert release.is_valid(apart)
    assert not release.is_valid({**apart, "policy": {}})
    assert not release.is_valid({key: value for key, value in apart.items() if key != "policy_file"})
    assert rules.is_valid(yaml.safe_load(split.read(RULES)))
    assert not rules.is_valid({})
