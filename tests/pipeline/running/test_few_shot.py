"""The examples of a few-shot baseline: the same every time, of many targets, and never a row that is asked."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from harness.core.samples import Sample
from harness.core.suites import Generation, Prompt, Task
from harness.pipeline.running.few_shot import choose
from harness.tasks.classify import Classify
from tests.pipeline.release_project import Project, rows, write_rows
from tests.tgi_stub import Stub

LABELS = ["a", "b", "c"]
KIND = Classify(LABELS)


def task(examples: list[str]) -> Task:
    given = tuple(Sample(f"e{i}", {"id": f"e{i}"}, label) for i, label in enumerate(examples))
    asked = tuple(Sample(f"s{i}", {"id": f"s{i}"}, "a") for i in range(9))
    return Task("t", "classify", {}, asked, given, Prompt("{{ id }}"), Generation(), (), "label", "d")


SKEWED = task(["a"] * 40 + ["b"] * 2 + ["c"])


@pytest.mark.parametrize("count", [0, 1, 3, 6, 43])
def test_so_many_are_chosen_and_none_twice(count: int) -> None:
    names = [row["id"] for row, _ in choose(SKEWED, KIND, count, 1)]
    assert len(names) == len(set(names)) == count


@pytest.mark.parametrize("seed", range(20))
def test_rare_targets_come_first(seed: int) -> None:
    assert Counter(answer for _, answer in choose(SKEWED, KIND, 3, seed)) == {"a": 1, "b": 1, "c": 1}


def test_the_seed_decides() -> None:
    assert choose(SKEWED, KIND, 4, 7) == choose(SKEWED, KIND, 4, 7)
    assert len({json.dumps(choose(SKEWED, KIND, 4, seed)) for seed in range(20)}) > 1


def test_only_examples_are_shown() -> None:
    assert all(str(row["id"]).startswith("e") for row, _ in choose(SKEWED, KIND, 43, 1))


def test_the_same_examples_stand_before_every_question(project: Project, stub: Stub) -> None:
    project.call("run", "-q")
    turns = [body["messages"][:-1] for body in stub.posts("/v1/chat/completions") if body["model"] == "tgi"]
    assert len(turns) == 60
    assert all(turn == turns[0] for turn in turns)
    shown = [turn["content"] for turn in turns[0]]
    assert shown[1::2] == [text.rsplit(" ", 1)[-1] for text in shown[::2]], "each with its right answer"
    assert all(text.startswith("example") for text in shown[::2])


def test_an_example_that_is_asked_is_refused(project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]) -> None:
    write_rows(project.root / "data/examples.jsonl", [*rows(9, "example"), {**rows(6)[5], "id": "new"}])
    assert project.gate() == 2
    assert "1 of the rows of 'examples' also stand in 'data' (e.g. new)" in capfd.readouterr().err
    assert stub.asked == []
