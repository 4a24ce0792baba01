"""The example data: as many rows as it says, evenly spread, no two from one mould, nothing of the test in training."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

from harness.config.suites import load_suite
from harness.pipeline.chat import chat_rows

ROOT = Path(__file__).parents[1]
COUNTS = {
    "triage": {"train": 300, "validation": 60, "test": 240},
    "orders": {"train": 200, "validation": 50, "test": 90},
    "summaries": {"train": 100, "validation": 25, "test": 40},
}
FILES = [(task, part) for task, parts in COUNTS.items() for part in parts]
STARTERS = {"classify": "labels", "extract": "fields", "generate": "sentences"}
QUEUES = ("billing", "shipping", "returns", "account", "technical", "other")
each_file = pytest.mark.parametrize(("task", "part"), FILES)
each_task = pytest.mark.parametrize("task", COUNTS)

_MONTHS = "january february march april may june july august september october november december"
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve twenty thirty hundred"
_WORDS = set(f"{_MONTHS} {_DAYS} {_NUMBERS} januar februar märz mai juni juli oktober dezember".split())


@cache
def rows(task: str, part: str) -> list[dict]:  # type: ignore[type-arg]
    text = (ROOT / f"data/{task}/{part}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


def skeleton(text: str) -> str:
    """The message with names (capitalised words), numbers and dates masked."""
    masked = []
    for word in re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*|[^\w\s]", text):
        mask = any(c.isdigit() for c in word) or word[0].isupper() or word.casefold() in _WORDS
        masked.append("#" if mask else word)
    return re.sub(r"#(?: #)+", "#", " ".join(masked))


def test_masking_finds_two_messages_of_one_mould() -> None:
    first = skeleton("Order NL-1 of 3 May, two kettles. Regards, Ana Lima")
    assert first == skeleton("Order NL-29 of 14 June, nine kettles. Regards, Bo Chen")
    assert first != skeleton("Order NL-29 of 14 June, nine toasters. Regards, Bo Chen")


@each_file
def test_there_are_as_many_rows_as_promised_each_with_an_id_of_its_own(task: str, part: str) -> None:
    assert len(rows(task, part)) == COUNTS[task][part]
    ids = [row["id"] for other in COUNTS[task] for row in rows(task, other)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("part", COUNTS["triage"])
def test_the_queues_are_even(part: str) -> None:
    labels = Counter(row["label"] for row in rows("triage", part))
    assert labels == dict.fromkeys(QUEUES, COUNTS["triage"][part] // len(QUEUES))


@each_task
def test_no_mould_is_used_more_than_five_times(task: str) -> None:
    found = Counter(skeleton(row["text"]) for part in COUNTS[task] for row in rows(task, part))
    most = [(text, count) for text, count in found.most_common(3) if count > 5]
    assert most == []


@each_task
def test_no_test_row_is_close_to_a_training_row(task: str) -> None:
    taught = [(row["id"], words(row["text"])) for part in ("train", "validation") for row in rows(task, part)]
    close = [
        (row["id"], other)
        for row in rows(task, "test")
        for other, theirs in taught
        if len(words(row["text"]) & theirs) >= 0.7 * len(words(row["text"]) | theirs)
    ]
    assert close == []


@each_file
def test_no_text_stands_twice(task: str, part: str) -> None:
    texts = Counter(" ".join(row["text"].casefold().split()) for row in rows(task, part))
    assert [text for text, count in texts.items() if count > 1] == []


@pytest.mark.parametrize("part", COUNTS["orders"])
def test_what_is_to_be_extracted_stands_in_the_message(part: str) -> None:
    for row in rows("orders", part):
        for name in ("order_id", "product", "date", "name"):
            value = row["target"][name]
            assert value is None or value in row["text"], (row["id"], name)
        assert row["target"]["quantity"] is None or row["target"]["quantity"] >= 1


@pytest.mark.parametrize("part", COUNTS["summaries"])
def test_the_summaries_keep_the_house_style(part: str) -> None:
    for row in rows("summaries", part):
        assert re.fullmatch(r"Customer [^\n]+\.", row["target"]), row["id"]
        assert len(row["target"].split()) <= 30, row["id"]


def test_most_rows_out_of_scope_are_to_be_refused_and_none_was_taught() -> None:
    found = {
        part: [json.loads(line) for line in (ROOT / f"data/out_of_scope/{part}.jsonl").read_text("utf-8").splitlines()]
        for part in ("test", "examples")
    }
    assert Counter(row["expected"] for row in found["test"]) == {"refuse": 30, "answer": 10}
    assert Counter(row["expected"] for row in found["examples"]) == {"refuse": 3, "answer": 3}
    every = [row for part in found.values() for row in part]
    assert len({row["id"] for row in every}) == len({words(row["text"]) for row in every}) == len(every)
    taught = [words(row["text"]) for task in COUNTS for part in COUNTS[task] for row in rows(task, part)]
    for row in every:
        mine = words(row["text"])
        assert all(len(mine & theirs) < 0.7 * len(mine | theirs) for theirs in taught), row["id"]


def test_the_robustness_suite_is_as_large_as_its_release_is_told() -> None:
    suite, problems = load_suite(ROOT, "suites/robustness.yaml")
    assert suite is not None
    assert problems == []
    assert {task.name: len(task.samples) for task in suite.tasks} == {"queue": 240, "out_of_scope": 40}


def test_the_questions_have_four_different_choices_and_their_answers_are_spread() -> None:
    lines = (ROOT / "data/general/test.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    assert len(questions) >= 120
    assert len({row["question"] for row in questions}) == len({row["id"] for row in questions}) == len(questions)
    assert all(len(set(row["choices"])) == 4 for row in questions)
    answers = Counter(row["answer"] for row in questions)
    assert set(answers) == {0, 1, 2, 3}
    assert max(answers.values()) <= 0.35 * len(questions), "always the same letter must not look like knowledge"


@pytest.mark.parametrize("part", ["train", "validation"])
def test_the_chat_rows_are_the_parts_rendered_by_their_suites(part: str) -> None:
    made = [
        line for task in COUNTS for line in chat_rows(ROOT, f"suites/{task}.yaml", f"data/{task}/{part}.jsonl", None)
    ]
    assert (ROOT / f"data/{part}.jsonl").read_text(encoding="utf-8").splitlines() == made


@pytest.mark.parametrize("kind", STARTERS)
def test_a_starters_parts_share_no_text(kind: str) -> None:
    folder = ROOT / "harness/starters" / kind / "data"
    texts = [
        json.loads(line)["text"]
        for name in ("test", "train_rows", "validation_rows")
        for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert len({" ".join(text.casefold().split()) for text in texts}) == len(texts) >= 70


def test_the_starters_config_has_the_keys_of_the_examples_own() -> None:
    ours, starters = (
        yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
        for name in ("axolotl_configs/lora.yaml", "harness/starters/lora.yaml")
    )
    assert ours.keys() == starters.keys()
