"""suites/*.yaml: each mistake is told at its line, with the right name where there is one."""

from __future__ import annotations

import pytest

from harness.config.suites import load_suite
from tests.projects import Project

TRIAGE, DESK = "suites/triage.yaml", "suites/desk.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (TRIAGE, "description:", "descripton:", "unknown key 'descripton'. Did you mean 'description'?"),
        (TRIAGE, "labels:", "lables:", "unknown key 'lables'. Did you mean 'labels'?"),
        (TRIAGE, "examples:", "exampels:", "unknown key 'exampels'. Did you mean 'examples'?"),
        (TRIAGE, "kind: classify", "kind: clasify", "unknown kind 'clasify'. Did you mean 'classify'?"),
        (TRIAGE, "max_new_tokens", "max_tokens", "unknown key 'max_tokens'. Did you mean 'max_new_tokens'?"),
        (TRIAGE, "max_new_tokens: 8", "max_new_tokens: 0", "greater than or equal to 1"),
        (TRIAGE, "max_new_tokens: 8", "temperature: .nan", "a number must be finite, not nan."),
        (TRIAGE, "user:", "usr:", "unknown key 'usr'. Did you mean 'user'?"),
        (TRIAGE, "[accuracy,", "[acuracy,", "unknown metric 'acuracy'. Did you mean 'accuracy'?"),
        (TRIAGE, "[accuracy,", "[zzz,", "unknown metric 'zzz'. Known: accuracy, bert_score, "),
        (TRIAGE, "[accuracy,", "[rouge_l,", "the metric 'rouge_l' does not fit tasks of the kind 'classify'."),
        (TRIAGE, "[accuracy,", "[accuracy, accuracy,", "the metric 'accuracy' stands twice."),
        (TRIAGE, "[accuracy,", "[{accuracy: {a: 1}},", "unknown argument 'a' of accuracy. It takes none."),
        (TRIAGE, "[accuracy,", "[5,", "'metrics[1]' must be text, not a number (5)."),
        (
            TRIAGE,
            "[billing, shipping]",
            "[no, yes]",
            "'labels[1]' must be text, not true/false (False). Put it in quotes.",
        ),
        (
            TRIAGE,
            "[billing, shipping]",
            "[billing, 7]",
            "'labels[2]' must be text, not a number (7). Put it in quotes.",
        ),
        (TRIAGE, "[billing, shipping]", "[billing]", "'labels' needs at least two labels."),
        (
            TRIAGE,
            "[billing, shipping]",
            "[billing, shipping, Billing]",
            "the labels 'billing' and 'Billing' in 'labels' differ only in case",
        ),
        (TRIAGE, "[billing, shipping]", '[billing, shipping, ""]', "'labels' holds an empty label."),
        (TRIAGE, "[billing, shipping]", "[billing, 2024-01-01]", "reads as a date. Put it in quotes"),
        (TRIAGE, "data/triage.jsonl", "data/none.jsonl", "the file 'data/none.jsonl' does not exist."),
        (
            TRIAGE,
            "data/examples.jsonl",
            "data/triage.jsonl",
            "4 of the rows of 'examples' also stand in 'data' (e.g. t0",
        ),
        (TRIAGE, "{{ text }}", "{{ text", "the 'user' template is not valid Jinja: unexpected end of template"),
        (TRIAGE, "{{ text }}", "{{ text|uper }}", "not valid Jinja: No filter named 'uper'."),
        (TRIAGE, "{{ text }}", "{ text }", "reads no column, so every sample would be asked the same."),
        (TRIAGE, "Name the queue.", "{% if %}", "the 'system' template is not valid Jinja"),
        (DESK, "stemmer:", "stemer:", "unknown argument 'stemer' of rouge_1. Did you mean 'stemmer'?"),
        (DESK, "stemmer: true", "stemmer: maybe", "'stemmer' must be true or false, not text ('maybe')."),
        (DESK, "{stemmer: true}}", "{stemmer: true}, rouge_2: {}}", "names one metric; put each on its own line."),
        (DESK, "- format", "- {}", "names one metric; put each on its own line."),
        (DESK, "- format", "- rouge_1", "the metric 'rouge_1' stands twice."),
        (DESK, "max_words: 9", "max_words: true", "'max_words' must be a whole number, not true/false (True)."),
        (DESK, "max_words: 9", 'max_words: "9"', "'max_words' must be a whole number, not text ('9')."),
        (DESK, "max_words: 9", "max_words: 0", "'max_words' must be 1 or more."),
        (DESK, "include: lm", "include: nowhere", "the folder 'nowhere' does not exist."),
        (DESK, "task: quiz", "task: quizz", "no file in 'lm' declares the task 'quizz'. Did you mean 'quiz'?"),
        (DESK, "task: quiz", "task: quiz\n    limit: 0", "'limit' must be 1 or more."),
        (DESK, "task: quiz", "data: x\n    task: quiz", "'data' does not apply: lm-eval's own task file says it."),
        (DESK, 'count: {type: [integer, "null"]}', "count: {type: intger}", "is no valid JSON Schema"),
        (DESK, 'count: {type: [integer, "null"]}', 'count: {$ref: "http://x"}', "must not use $ref"),
        (DESK, 'count: {type: [integer, "null"]}', "count: {const: .nan}", "a number must be finite, not nan."),
    ],
)
def test_a_mistake_is_told_near_its_line(desk: Project, file: str, old: str, new: str, said: str) -> None:
    line = desk.swap(file, old, new)
    # What jsonschema says is told at the key `schema`; an added line moves the rest by one.
    near = {f"{file}:{line + step}" for step in (0, 1)} | {f"{file}:5" for _ in [0] if "count:" in old}
    assert any(text.split(": ")[0] in near and said in text for text in desk.problems())


def test_a_misspelt_kind_is_not_told_again_for_each_metric(desk: Project) -> None:
    desk.swap(TRIAGE, "kind: classify", "kind: clasify")
    assert len(load_suite(desk.root, TRIAGE)[1]) == 1


def test_all_unknown_arguments_of_a_metric_are_told(desk: Project) -> None:
    desk.swap(DESK, "stemmer: true", "zz: 1, stemer: true")
    assert [text.split("'")[1] for text in desk.problems()] == ["zz", "stemer"]


def test_a_task_without_data_or_prompt_is_told(desk: Project) -> None:
    desk.swap(TRIAGE, "    data: data/triage.jsonl\n", "")
    desk.swap(TRIAGE, "    prompt:\n", "    promt:\n")
    said = " ".join(desk.problems())
    assert "the task 'queue' has no 'data'." in said
    assert "the task 'queue' has no 'prompt'." in said


@pytest.mark.parametrize("tasks", ["tasks: {}", "tasks:", "tasks: []", ""])
def test_a_suite_without_tasks_is_refused(desk: Project, tasks: str) -> None:
    desk.write(DESK, f"name: desk\n{tasks}\n")
    assert any(DESK in text and "tasks" in text for text in desk.problems())


def test_a_suite_may_not_take_a_reserved_name(desk: Project) -> None:
    desk.swap(TRIAGE, "name: triage", "name: latency")
    assert f"{TRIAGE}: the name 'latency' is reserved." in desk.problems()


@pytest.mark.parametrize("text", ["[" * 1000, "a: 2024-99-99", "a: [", "caf\udce9"])
def test_lm_eval_files_that_cannot_be_read_are_no_task(desk: Project, text: str) -> None:
    desk.write("lm/quiz.yaml", text.encode("utf-8", "surrogateescape"))
    assert "no file in 'lm' declares the task 'quiz'. It has: no task." in desk.problems()[0]


def test_the_rows_of_a_local_lm_eval_task_are_read(desk: Project) -> None:
    desk.write("data/quiz.jsonl", '{"question": NaN}\n{}\n')
    assert len(desk.problems()) == 1
    assert desk.problems()[0].startswith("data/quiz.jsonl:1: ")
    desk.write("data/quiz.jsonl", "")
    assert desk.problems() == ["data/quiz.jsonl: is empty; it needs at least one row."]


@pytest.mark.parametrize(
    ("file", "old", "new", "task"),
    [
        (TRIAGE, "Name the queue.", "Name the queue!", "queue"),
        (TRIAGE, "max_new_tokens: 8", "max_new_tokens: 9", "queue"),
        ("data/triage.jsonl", "message 1", "message 1!", "queue"),
        ("data/examples.jsonl", "message 101", "message 101!", "queue"),
        (DESK, "max_words: 9", "max_words: 10", "summary"),
        (DESK, "stemmer: true", "stemmer: false", "summary"),
        ("lm/quiz.yaml", "{{question}}", "Q: {{question}}", "knowledge"),
        ("data/quiz.jsonl", "Which?", "Who?", "knowledge"),
    ],
)
def test_whatever_an_answer_rests_on_changes_the_digest_of_its_task_alone(
    desk: Project, file: str, old: str, new: str, task: str
) -> None:
    def digests() -> dict[str, str]:
        suites = [load_suite(desk.root, name)[0] for name in (TRIAGE, DESK)]
        return {task.name: task.digest for suite in suites if suite for task in suite.tasks}

    before = digests()
    assert len(before) == 4
    desk.swap(file, old, new)
    after = digests()
    assert {name for name in before if before[name] != after[name]} == {task}
