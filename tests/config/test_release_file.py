"""release.yaml: each mistake is told with file, line and what to do; nothing that is wrong gets through."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.load import load_release
from harness.pipeline.registry.project import project
from tests.projects import RELEASE, Project

FILE = "release.yaml"


def test_the_project_is_valid(desk: Project) -> None:
    assert desk.problems() == []


def test_a_valid_release_holds_what_was_written(desk: Project) -> None:
    release, problems = load_release(desk.root / FILE)
    assert release is not None
    assert problems == []
    assert [gate.id for gate in release.policy.gates] == [
        "triage.accuracy:at_least",
        "triage.macro_f1:improves:base",
        "desk.orders.exact_match:margin:base",
        "latency.p95:at_most",
    ]
    assert [gate.threshold for gate in release.policy.gates] == [0.6, 0.0, 0.1, 5.0]
    assert [gate.place.line for gate in release.policy.gates] == [16, 17, 18, 19]
    assert [len(task.samples) for suite in release.suites for task in suite.tasks] == [4, 4, 4, 0]
    assert release.serve.arguments["threads"] == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: desk", "nam: desk", "unknown key 'nam'. Did you mean 'name'?"),
        ("    axolotl:", "    axolotel:", "unknown key 'axolotel'. Did you mean 'axolotl'?"),
        ("few_shot:", "few_shots:", "unknown key 'few_shots'. Did you mean 'few_shot'?"),
        ("threads:", "thread:", "unknown key 'thread'. Did you mean 'threads'?"),
        ("at_least:", "at_leest:", "unknown key 'at_leest'. Did you mean 'at_least'?"),
        ("resamples:", "resample:", "unknown key 'resample'. Did you mean 'resamples'?"),
        ("policy:", "zzz:", "unknown key 'zzz'. Known here: version, name, candidate"),
        ("name: desk", "checks: [none.py]\nname: desk", "the check 'none.py' does not exist."),
        ("name: desk", "checks: [lora.yaml]\nname: desk", "the check 'lora.yaml' is no Python file (.py)."),
        ("name: desk", "checks: [../a.py]\nname: desk", "the check '../a.py' lies outside the project."),
        ("name: desk", "name: Desk", "must match ^[a-z]"),
        ("name: desk", "name: 5", "'name' must be text, not a number (5). Put it in quotes."),
        ("version: 1", "version: 2", "'version' must be 1, not 2."),
        ("alpha: 0.05", "alpha: high", "'alpha' must be a number, not text ('high')."),
        ("alpha: 0.05", "alpha: 0.5", "less than 0.5"),
        ("alpha: 0.05", "min_samples: 10", "greater than or equal to 30"),
        ("alpha: 0.05", "max_not_evaluated: 0.5", "less than or equal to 0.01"),
        ("alpha: 0.05", "alpha: " + "9" * 5000, "is not a plain value."),
        ("resamples: 1999", "resamples: 1999.5", "'resamples' must be a whole number"),
        ("few_shot: 2", "few_shot: true", "'few_shot' must be a whole number, not true/false (True)."),
        ("few_shot: 2", "few_shot: 5", "few_shot: 5 needs as many 'examples' in triage.queue; it has 4."),
        ("  base: {", "  candidate: {", "'candidate' is no name for a baseline."),
        ("  - suites/desk.yaml", "  - suites/none.yaml", "the suite 'suites/none.yaml' does not exist."),
        ("  - suites/desk.yaml", "  - suites/triage.yaml", "two suites have the name 'triage'."),
        ("data/train.jsonl", "data/none.jsonl", "the file 'data/none.jsonl' does not exist."),
        ("lora.yaml", "none.yaml", "the file 'none.yaml' does not exist."),
        ("{local: {threads: 2}}", "{remote: {url: ftp://x}}", "must match ^https?://"),
        ("{local: {threads: 2}}", "{local: {}, remote: {url: http://x}}", "names local and remote"),
        ("{local: {threads: 2}}", "{unproven: yes}", "'unproven' must be 'accept', not True."),
        ("name: desk", "name: !!python/object:os.system desk", "is not a plain value."),
        ("serve: {", "serve: !!python/object/apply:os.system {", "only plain values are."),
        ("name: desk", "name: 2024-01-01", "reads as a date. Put it in quotes"),
        ("name: desk", "? [a]\n: desk", "a key must be plain text."),
        ("name: desk", "name: 'desk", "is not valid YAML"),
    ],
)
def test_a_mistake_is_told_at_its_line(desk: Project, old: str, new: str, said: str) -> None:
    line = desk.swap(FILE, old, new)
    found = desk.problems()
    assert any(text.startswith(f"{FILE}:{line}: ") and said in text for text in found) or (
        said == "is not valid YAML" and said in found[0]  # an open quote ends where the parser gives up
    )
    assert max(map(len, found)) < 400  # a huge value is not shown whole


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("at_least: 0.6", "at_least: 0", "a share lies between 0 and 1."),
        ("at_least: 0.6", "at_least: 1", "a share lies between 0 and 1."),
        ("at_least: 0.6", "at_least: -0.1", "a share lies between 0 and 1."),
        ("at_least: 0.6", "at_least: .nan", "a number must be finite, not nan."),
        ("at_least: 0.6", "at_least: true", "'at_least' must be a number, not true/false (True)."),
        ("at_least: 0.6", "at_least: 500ms", "is not a time; write the threshold as a plain number."),
        ("at_least: 0.6", "at_leats: 0.6", "unknown key 'at_leats'"),
        (
            ", at_least: 0.6",
            "",
            "exactly one of at_least, at_most, at_most_share, improves, margin, no_critical_failures, win_rate; "
            "this one has none.",
        ),
        ("at_least: 0.6", "at_least: 0.6, at_most: 0.9", "this one has at_least, at_most."),
        (
            "at_least: 0.6",
            "at_least: 0.6, against: base",
            "does not compare; drop 'against', or use improves, margin or win_rate.",
        ),
        ("at_most: 5s", "at_most: .inf", "a number must be finite, not inf."),
        ("at_most: 5s", "at_most: " + "9" * 400 + "s", "should be a finite number"),
        ("at_most: 5s", "at_most: 0s", "can't be reached or missed"),
        ("at_most: 5s", "at_most: 5 parsecs", "must be a number, not text ('5 parsecs')."),
        ("at_most: 5s", "at_least: 5s", "latency.p95 takes 'at_most' only."),
        ("margin: 0.1", "margin: 0", "greater than 0"),
        ("margin: 0.1", "margin: -0.1", "greater than 0"),
        ("margin: 0.1", "margin: 1", "less than 1"),
        ("improves: true", "improves: false", "'improves' must be True, not False."),
        ("against: base, margin", "margin", "it needs 'against: <baseline>'."),
        ("against: base, margin", "against: bass, margin", "there is no baseline 'bass'. Did you mean 'base'?"),
        (
            "triage.accuracy",
            "triage.acuracy",
            "no suite gives the metric 'triage.acuracy'. Did you mean 'triage.accuracy'?",
        ),
        ("desk.orders.exact_match", "desk.exact_match", "Did you mean 'desk.orders.exact_match'?"),
        ("latency.p95", "throughput.tokens", "'throughput' is reserved and not measured"),
        ("role: advisory", "role: avisory", "must be 'critical', 'gating', 'guardrail' or 'advisory', not 'avisory'."),
    ],
)
def test_a_gate_that_cannot_be_meant_is_told_at_its_line(desk: Project, old: str, new: str, said: str) -> None:
    line = desk.swap(FILE, old, new)
    assert any(text.startswith(f"{FILE}:{line}: ") and said in text for text in desk.problems())


@pytest.mark.parametrize("threshold", ["at_least: 0.6", "at_least: 0.7, role: advisory"])
def test_a_gate_may_not_stand_twice(desk: Project, threshold: str) -> None:
    first = "  - {metric: triage.accuracy, at_least: 0.6}\n"
    line = desk.swap(FILE, first, f"{first}  - {{metric: triage.accuracy, {threshold}}}\n") + 1
    assert desk.problems() == [f"{FILE}:{line}: this gate stands twice (triage.accuracy:at_least)."]


@pytest.mark.parametrize("role", ["advisory", "guardrail"])
def test_some_gate_must_have_to_pass(desk: Project, role: str) -> None:
    for rule in ("at_least: 0.6", "improves: true", "margin: 0.1"):
        desk.swap(FILE, rule, f"{rule}, role: {role}")
    assert desk.problems() == [
        f"{FILE}:15: no gate is critical or gating, so nothing would have to pass. "
        "Give at least one gate the role 'gating'."
    ]


@pytest.mark.parametrize("gates", ["[]", "~"])
def test_no_gates_at_all_are_refused(desk: Project, gates: str) -> None:
    desk.write(FILE, RELEASE[: RELEASE.index("gates:")] + f"gates: {gates}\n")
    assert len(desk.problems()) == 1
    assert "'gates'" in desk.problems()[0]


def test_improves_is_a_claim_above_zero_however_true_is_written(desk: Project) -> None:
    desk.swap(FILE, "improves: true", "improves: yes")
    release, _ = load_release(desk.root / FILE)
    assert release is not None
    assert release.policy.gates[1].threshold == 0.0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  train:\n", "  adapter: folder\n  train:\n"),
        (RELEASE[RELEASE.index("  train:") : RELEASE.index("serve")], ""),
    ],
)
def test_train_and_adapter_exclude_each_other_and_one_is_needed(desk: Project, old: str, new: str) -> None:
    desk.swap(FILE, old, new)
    assert f"{FILE}:3: the candidate needs exactly one of 'train' and 'adapter'." in desk.problems()


def test_an_adapter_needs_its_weights(desk: Project) -> None:
    start, end = RELEASE.index("  train:"), RELEASE.index("serve")
    desk.swap(FILE, RELEASE[start:end], "  adapter: folder\n")
    assert desk.problems() == [f"{FILE}:5: 'folder' holds no adapter_model.safetensors."]
    desk.write("folder/adapter_model.bin", b"x")
    assert "pickled weights can run code" in desk.problems()[0]
    desk.write("folder/adapter_model.safetensors", b"x")
    assert desk.problems() == []


def test_an_unset_key_variable_is_told(desk: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.swap(FILE, "{local: {threads: 2}}", "{remote: {url: http://x, key_env: DESK_KEY}}")
    monkeypatch.delenv("DESK_KEY", raising=False)
    assert "the environment variable DESK_KEY is not set" in desk.problems()[0]
    monkeypatch.setenv("DESK_KEY", "secret")
    assert desk.problems() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "'the file' must be a mapping of keys, not nothing."),
        (b"- a\n", "'the file' must be a mapping of keys, not a list."),
        (b"name: desk\nname: disk\n", "release.yaml:2: the key 'name' stands twice (first in line 1)."),
        (b"name: a\n# caf\xe9\n", "release.yaml:2: byte 0xe9 is not UTF-8. Save the file as UTF-8."),
        (b"a: 1\n---\nb: 2\n", "expected a single document"),
        (b"[" * 1000, "is too deep or too large for a declaration."),
        (b"a: " + b"{a: " * 300 + b"1" + b"}" * 300, "is too deep or too large for a declaration."),
        (b"a: &a [*a]\n", "is too deep or too large for a declaration."),
        (b"a: &a {b: 1}\nc: {<<: *a}\n", "release.yaml:2: a key must be plain text."),
        (b'name: "\\ud800"\n', "release.yaml:1: '\\ud800' holds half a character"),
        (b'"\\ud800": desk\n', "release.yaml:1: a key must be plain text."),
    ],
)
def test_a_file_that_is_no_declaration_is_refused(desk: Project, text: bytes, said: str) -> None:
    desk.write(FILE, text)
    assert any(said in problem for problem in desk.problems())


def test_an_alias_bomb_is_refused_before_it_fills_the_memory(desk: Project) -> None:
    levels = "\n".join(f"k{i}: &k{i} [{', '.join([f'*k{i - 1}'] * 10)}]" for i in range(1, 12))
    desk.write(FILE, f"k0: &k0 [1]\n{levels}\n")
    assert desk.problems() == [f"{FILE}: is too deep or too large for a declaration."]


def test_a_release_that_is_not_there_is_told(desk: Project) -> None:
    (desk.root / FILE).unlink()
    assert desk.problems() == [f"{FILE}: this file does not exist."]


def test_all_problems_of_all_files_come_in_one_list_file_by_file_and_line_by_line(desk: Project) -> None:
    desk.swap(FILE, "margin: 0.1", "margin: 0.1, at_most: 0.2")
    desk.swap(FILE, "at_least: 0.6", "at_least: 6")
    desk.swap("suites/triage.yaml", "macro_f1", "macro_f2")
    desk.swap("suites/triage.yaml", "kind: classify", "kind: classify\n    colour: red")
    desk.swap("suites/desk.yaml", "stemmer", "stemer")
    desk.swap("lora.yaml", "lora_r:", "lora_rank:")
    desk.swap("data/train.jsonl", '"message 600"', "5")
    desk.write("data/quiz.jsonl", "{}\n[]\n")
    places = [text.split(": ")[0] for text in desk.problems()]
    assert places == [
        "suites/triage.yaml:7",
        "suites/triage.yaml:17",
        "suites/desk.yaml:23",
        "data/quiz.jsonl:2",
        "data/train.jsonl:1",
        *["release.yaml:16", "release.yaml:17", "release.yaml:18"],
        "lora.yaml:3",
    ]


def test_a_broken_release_file_does_not_hide_the_problems_of_the_suites(desk: Project) -> None:
    desk.swap(FILE, "name: desk", "name: 5")
    desk.swap("suites/desk.yaml", "stemmer", "stemer")
    assert [text.split(": ")[0] for text in desk.problems()] == ["release.yaml:2", "suites/desk.yaml:23"]


def test_a_suite_that_cannot_be_read_is_told_once_and_not_again_at_its_gates(desk: Project) -> None:
    line = desk.swap("suites/triage.yaml", "max_new_tokens", "max_tokens")
    assert [text.split(": ")[0] for text in desk.problems()] == [f"suites/triage.yaml:{line}"]


def test_the_digest_follows_the_content_and_not_the_layout(desk: Project) -> None:
    def digest() -> str:
        release, _ = load_release(desk.root / FILE)
        assert release is not None
        return release.digest

    first = digest()
    desk.swap(FILE, "name: desk\n", "\n# a comment\nname:   desk\n")
    assert digest() == first
    desk.swap(FILE, "margin: 0.1", "margin: 0.2")
    assert digest() != first


@pytest.mark.parametrize(("said", "place"), [("shared", "{root}/shared"), ("/srv/x", "/srv/x"), ("~/y", "{user}/y")])
def test_where_projects_share_base_models_is_no_part_of_the_release(desk: Project, said: str, place: str) -> None:
    before, _ = load_release(desk.root / FILE)
    (desk.root / FILE).write_text(RELEASE + f"home: {said}\n")
    after, problems = load_release(desk.root / FILE)
    assert before is not None
    assert after is not None
    assert not problems
    assert before.home is None
    assert str(after.home) == place.format(root=desk.root, user=Path.home())
    assert (after.digest, after.policy) == (before.digest, before.policy)
    assert project(desk.root / FILE).home == after.home


def test_checks_are_files_of_the_project_with_names_of_their_own(desk: Project) -> None:
    for name in ("suites/test_a.py", "test_a.py", "test_b.py"):
        (desk.root / name).write_text("")
    before, _ = load_release(desk.root / FILE)
    (desk.root / FILE).write_text(RELEASE + "checks: [./suites/test_a.py, test_b.py]\n")
    release, problems = load_release(desk.root / FILE)
    assert before is not None
    assert release is not None
    assert not problems
    assert (before.checks, release.checks) == ((), ("suites/test_a.py", "test_b.py"))
    assert before.digest != release.digest
    (desk.root / FILE).write_text(RELEASE + "checks: [suites/test_a.py, test_a.py]\n")
    assert "the check 'test_a.py' has the name of suites/test_a.py." in "\n".join(desk.problems())
