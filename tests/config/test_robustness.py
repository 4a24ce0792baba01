"""Robustness tasks: another task's samples, perturbed; and what keeps one from being made, told at its line."""

from __future__ import annotations

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from harness.config import json_schema
from harness.config.suites import load_suite
from harness.core.samples import Sample
from harness.core.suites import Task
from tests.projects import Project

SUITE = """\
name: hard
tasks:
  queue:
    kind: robustness
    of: suites/triage.yaml
    perturbations: [typos, {injection: {place: after}}]
    seed: 3
"""
GATE = "  - {metric: hard.accuracy, against: clean, margin: 0.2}\n"
HARD, TRIAGE = "suites/hard.yaml", "suites/triage.yaml"


@pytest.fixture
def hard(desk: Project) -> Project:
    desk.write(HARD, SUITE)
    desk.swap("release.yaml", "  - suites/desk.yaml\n", "  - suites/desk.yaml\n  - suites/hard.yaml\n")
    desk.swap("release.yaml", "policy:", f"{GATE}policy:")
    return desk


def task(project: Project, file: str = HARD, name: str = "queue") -> Task:
    suite, problems = load_suite(project.root, file)
    assert suite is not None
    assert problems == []
    return next(task for task in suite.tasks if task.name == name)


def test_a_robustness_task_is_the_clean_task_with_other_samples(hard: Project) -> None:
    assert hard.problems() == []
    ours, clean = task(hard), task(hard, TRIAGE)
    for name in ("kind", "arguments", "prompt", "generation", "metrics", "target", "examples", "repeats", "validation"):
        assert getattr(ours, name) == getattr(clean, name), name
    assert ours.clean == ("triage", "queue")
    assert [sample.id for sample in ours.samples[:4]] == ["t0~typos", "t0~injection", "t1~typos", "t1~injection"]
    assert len(ours.samples) == 2 * len(clean.samples)


def test_a_copy_keeps_target_slices_and_origin_and_shares_a_group(hard: Project) -> None:
    by_id = {sample.id: sample for sample in task(hard, TRIAGE).samples}
    for sample in task(hard).samples:
        origin = by_id[str(sample.origin)]
        assert sample.target == origin.target
        assert sample.group == origin.id
        assert sample.slices == {"language": "en", "perturbation": sample.id.split("~")[1]}
        assert sample.row["text"] != origin.row["text"]
        assert {**sample.row, "text": ""} == {**origin.row, "text": ""}


def test_the_groups_of_the_clean_task_stay(hard: Project) -> None:
    hard.swap(TRIAGE, "    slices: [language]\n", "    slices: [language]\n    group: label\n")
    assert {sample.group for sample in task(hard).samples} == {"billing", "shipping"}


def many(project: Project, count: int = 30) -> None:
    rows = [{"id": f"t{i}", "text": f"message number {i}", "label": "billing", "language": "en"} for i in range(count)]
    project.rows("data/triage.jsonl", rows)  # type: ignore[arg-type]


def test_a_row_more_changes_no_other(hard: Project) -> None:
    many(hard)
    before = {sample.id: sample for sample in task(hard).samples}
    many(hard, 31)
    after = {sample.id: sample for sample in task(hard).samples}
    assert {name: after[name] for name in before} == before


def test_copies_of_two_rows_that_end_up_alike_are_one_sample(hard: Project) -> None:
    texts = ["hello there my parcel", "hello there my bill", "another text of mine"]
    rows = [{"id": f"t{i}", "text": text, "label": "billing", "language": "en"} for i, text in enumerate(texts)]
    hard.rows("data/triage.jsonl", rows)  # type: ignore[arg-type]
    hard.swap(HARD, "[typos, {injection: {place: after}}]", "[{truncation: {keep: 0.5}}]")
    assert [sample.id for sample in task(hard).samples] == ["t0~truncation", "t2~truncation"]


def test_a_draw_is_seeded_in_the_rows_order_and_hardly_moved_by_a_row_more(hard: Project) -> None:
    many(hard)
    hard.swap(HARD, "seed: 3", "seed: 3\n    samples: 10")

    def drawn() -> list[str]:
        return list(dict.fromkeys(str(sample.origin) for sample in task(hard).samples))

    first = drawn()
    assert first == drawn()
    assert len(first) == 10
    assert first == sorted(first, key=lambda name: int(name[1:]))
    many(hard, 31)
    assert len(set(first) - set(drawn())) <= 1
    hard.swap(HARD, "seed: 3", "seed: 4")
    assert drawn() != first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed: 3", "seed: 4"),
        ("[typos, ", "[whitespace, "),
        ("typos,", "{typos: {rate: 0.9}},"),
        ("place: after", "place: before"),
        ("seed: 3", "seed: 3\n    samples: 3"),
        ("seed: 3", "seed: 3\n    metrics: [accuracy]"),
    ],
)
def test_whatever_the_samples_rest_on_changes_the_digest(hard: Project, old: str, new: str) -> None:
    before = task(hard).digest
    assert task(hard).digest == before
    hard.swap(HARD, old, new)
    assert task(hard).digest != before


def test_so_do_the_version_of_a_perturbation_and_the_clean_task(hard: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = [task(hard).digest]
    hard.swap(TRIAGE, "max_new_tokens: 8", "max_new_tokens: 9")
    digests.append(task(hard).digest)
    monkeypatch.setattr("harness.perturbations.typos.Typos.version", 2)
    digests.append(task(hard).digest)
    assert len(set(digests)) == 3


def test_several_columns_are_perturbed_each_by_itself(hard: Project) -> None:
    hard.swap(TRIAGE, "{{ text }}", "{{ text }} ({{ language }})")
    hard.swap(HARD, "    seed", "    column: [text, language]\n    seed")
    found = task(hard).samples[0]
    assert found.row["text"] != "message 0"
    assert found.row["language"] != "en"
    assert found.slices["language"] == "en"


def test_a_copy_that_asks_the_very_same_is_left_out(hard: Project) -> None:
    many(hard, 2)
    rows = [{"id": "t0", "text": "123", "label": "billing", "language": "en"}]
    rows += [{"id": "t1", "text": "abc", "label": "billing", "language": "en"}]
    hard.rows("data/triage.jsonl", rows)  # type: ignore[arg-type]
    assert [sample.id for sample in task(hard).samples] == ["t0~injection", "t1~typos", "t1~injection"]


def test_a_task_may_perturb_one_of_its_own_suite(desk: Project) -> None:
    desk.write(TRIAGE, desk.read(TRIAGE) + SUITE[SUITE.index("  queue") :].replace("queue:", "hard:"))
    desk.swap(TRIAGE, "seed: 3", "task: queue")
    assert task(desk, TRIAGE, "hard").clean == ("triage", "queue")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("of: suites/triage.yaml", "off: suites/triage.yaml", "unknown key 'off'. Did you mean 'of'?"),
        ("    of: suites/triage.yaml\n", "", "the key 'of' is missing."),
        ("suites/triage.yaml", "suites/triaje.yaml", "the suite 'suites/triaje.yaml' does not exist."),
        ("suites/triage.yaml", "suites/desk.yaml", "'suites/desk.yaml' has several tasks; name one with 'task'."),
        ("seed: 3", "task: queu", "'suites/triage.yaml' has no task 'queu'. Did you mean 'queue'?"),
        ("suites/triage.yaml", "suites/hard.yaml", "'queue' of 'suites/hard.yaml' has no samples of its own"),
        ("suites/triage.yaml", "suites/desk.yaml\n    task: knowledge", "has no samples of its own to be perturbed."),
        ("kind: robustness", "kind: robustnes", "unknown kind 'robustnes'. Did you mean 'robustness'?"),
        ("[typos,", "[typoes,", "unknown perturbation 'typoes'. Did you mean 'typos'?"),
        ("[typos,", "[zzz,", "unknown perturbation 'zzz'. Known: distraction, injection, "),
        ("[typos,", "[typos, typos,", "the perturbation 'typos' stands twice."),
        ("[typos,", "[{typos: {}, whitespace: {}},", "names one perturbation; put each on its own line."),
        ("[typos,", "[{typos: {rat: 1}},", "unknown argument 'rat' of typos. Did you mean 'rate'?"),
        ("[typos,", "[{typos: {rate: much}},", "'rate' must be a number, not text ('much')."),
        ("[typos,", "[{typos: {rate: 2}},", "'rate' must be above 0 and at most 1, not 2."),
        ("[typos,", "[5,", "'perturbations[1]' must be text, not a number (5)."),
        ("[typos, {injection: {place: after}}]", "[]", "'perturbations' is empty; at least 1 is needed."),
        ("seed: 3", "seed: -1", "'seed' (-1) should be greater than or equal to 0."),
        ("seed: 3", "samples: 0", "'samples' (0) should be greater than or equal to 1."),
        ("seed: 3", "samples: 5", "'queue' has 4 samples, not 5."),
        ("seed: 3", "column: txt", "the prompt of 'queue' does not read 'txt': nothing would change. Did you mean"),
        ("seed: 3", "column: label", "does not read 'label': nothing would change. It reads: text."),
        ("seed: 3", "metrics: [acuracy]", "unknown metric 'acuracy'. Did you mean 'accuracy'?"),
        ("seed: 3", "metrics: [rouge_l]", "the metric 'rouge_l' does not fit tasks of the kind 'classify'."),
        ("seed: 3", "data: data/triage.jsonl", "unknown key 'data'."),
        ("seed: 3", "prompt: {user: x}", "unknown key 'prompt'."),
        ("seed: 3", "labels: [a, b]", "unknown key 'labels'."),
    ],
)
def test_a_mistake_is_told_near_its_line(hard: Project, old: str, new: str, said: str) -> None:
    line = hard.swap(HARD, old, new)
    near = {f"{HARD}:{line + step}" for step in (0, 1)} | {f"{HARD}:3" for _ in [0] if "'of' is missing" in said}
    told = hard.problems()
    assert any(text.split(": ")[0] in near and said in text for text in told), told
    assert not any(text.startswith("release.yaml") for text in told if "kind" not in old), "one mistake, told once"


def test_a_column_that_holds_no_text_is_told(hard: Project) -> None:
    hard.swap("data/triage.jsonl", '"message 2"', "2")
    assert any("'text' of the sample t2 is no text." in text for text in hard.problems())


def test_a_perturbation_that_changes_nothing_at_all_is_told(hard: Project) -> None:
    hard.swap(TRIAGE, "{{ text }}", "{{ text | lower }}")
    hard.swap(HARD, "[typos,", "[letter_case,")
    assert any("the perturbation 'letter_case' changes none of the samples." in text for text in hard.problems())


def test_problems_of_the_clean_suite_are_told_once_and_at_their_place(hard: Project) -> None:
    hard.swap(TRIAGE, "labels: [billing, shipping]", "labels: [billing]")
    told = hard.problems()
    assert len([text for text in told if "needs at least two labels" in text]) == 1
    assert all(text.startswith(TRIAGE) for text in told)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("against: clean, margin: 0.2", "against: clean, improves: true", "there is only 'margin'"),
        ("hard.accuracy, against: clean", "triage.accuracy, against: clean", "is of no robustness task"),
        ("  - suites/triage.yaml\n", "", "the clean samples is not run. Name it in 'suites' too."),
        ("base: {", "clean: {", "'clean' is no name for a baseline."),
        ("against: clean", "against: claen", "there is no baseline 'claen'"),
    ],
)  # fmt: skip
def test_a_gate_that_cannot_be_held_against_the_clean_run_is_told(hard: Project, old: str, new: str, said: str) -> None:
    hard.swap("release.yaml", old, new)
    assert any(text.startswith("release.yaml:") and said in text for text in hard.problems())


def test_the_clean_task_of_the_release_must_be_the_one_that_was_perturbed(hard: Project) -> None:
    hard.write("suites/old.yaml", hard.read(TRIAGE).replace("Name the queue.", "Sort it."))
    hard.swap(HARD, "suites/triage.yaml", "suites/old.yaml")
    assert [text.split(": ")[1] for text in hard.problems()] == [
        "the release's triage.queue is not the task that was perturbed."
    ]
    hard.swap("suites/old.yaml", "Sort it.", "Name the queue.")
    assert hard.problems() == []
    hard.swap("suites/old.yaml", "data/triage.jsonl", "data/other.jsonl")
    hard.write("data/other.jsonl", hard.read("data/triage.jsonl").replace('"t0"', '"t9"'))
    assert ["is not the task that was perturbed." in text for text in hard.problems()] == [True]


def test_the_clean_task_must_measure_the_same(hard: Project) -> None:
    hard.swap(HARD, "seed: 3", "metrics: [accuracy]")
    hard.swap(TRIAGE, "[accuracy, macro_f1, format]", "[macro_f1, format]")
    assert any("triage.queue does not measure 'accuracy' in the same way." in text for text in hard.problems())


def test_a_model_may_not_be_taught_what_is_perturbed(hard: Project) -> None:
    text = task(hard).samples[1].row["text"]
    turns = [{"role": "user", "content": text}, {"role": "assistant", "content": "billing"}]
    hard.write("data/train.jsonl", json.dumps({"messages": turns}) + "\n")
    assert any("the row holds the test sample t0~injection of hard.queue" in said for said in hard.problems())


def test_editors_know_the_keys() -> None:
    check = Draft202012Validator(json_schema.schema("suite"))
    assert check.is_valid(yaml.safe_load(SUITE))
    for old, new in (("typos", "typoes"), ("place: after", "place: afte"), ("perturbations", "pertubations")):
        assert not check.is_valid(yaml.safe_load(SUITE.replace(old, new)))


def test_a_sample_is_no_copy_unless_it_says_so() -> None:
    assert Sample("a", {}, "b").origin is None
