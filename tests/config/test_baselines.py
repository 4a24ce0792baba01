"""Baselines of every kind: what each needs is checked before anything runs, with the line where it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.config.load import load_release
from tests.pipeline.release_project import Project, make_project, rows, write_rows

REMOTE = {"url": "http://127.0.0.1:9/v1", "model": "big"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path, "http://127.0.0.1:9", samples=30)


def problems(project: Project) -> list[str]:
    project.write()
    return [str(problem) for problem in load_release(project.file)[1]]


def test_each_kind_is_read(project: Project) -> None:
    answers = [{"id": row["id"], "answer": row["label"]} for row in rows(30)]
    write_rows(project.root / "people.jsonl", answers)
    write_rows(project.root / "validation.jsonl", rows(6, "validation"))
    project.suite["tasks"]["sort"] |= {"alternatives": [{"user": "Q: {{ text }}"}], "validation": "validation.jsonl"}
    project.release["baselines"] = {
        "base": {}, "prompted": {"prompt": "best", "few_shot": 2}, "elsewhere": {"remote": REMOTE},
        "live": {"production": "or_base"}, "pinned": {"anchor": "abc"},
        "people": {"human": {"queue.sort": "people.jsonl"}},
    }  # fmt: skip
    assert problems(project) == []
    release, _ = load_release(project.file)
    assert release is not None
    kinds = {spec.name: spec.kind for spec in release.baselines}
    assert kinds == {
        "base": "base", "prompted": "prompt", "elsewhere": "remote", "live": "production", "pinned": "anchor",
        "people": "human",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "baseline", "said"),
    [
        ("candidate", {}, "'candidate' is no name for a baseline"),
        ("clean", {}, "'clean' is no name for a baseline"),
        ("two", {"prompt": "best", "anchor": "abc"}, "names prompt and anchor"),
        ("named", {"adapter_id": "x"}, "goes with 'production' only"),
        ("shots", {"anchor": "abc", "few_shot": 2}, "'few_shot' does not apply to 'anchor'"),
        ("best", {"prompt": "best"}, "no task has 'alternatives'"),
        ("many", {"few_shot": 10}, "needs as many 'examples' in queue.sort; it has 9"),
        ("part", {"suites": ["queu"]}, "there is no suite 'queu'"),
        ("pinned", {"anchor": "abc", "suites": ["queue"]}, "'suites' does not apply to 'anchor'"),
        ("people", {"human": {"queue.srt": "x.jsonl"}}, "did you mean"),
        ("people", {"human": {"queue.sort": "x.jsonl"}}, "'x.jsonl' does not exist"),
        ("password", {"remote": {"url": "http://me:secret@host/v1", "model": "m"}}, "url"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(project: Project, name: str, baseline: dict[str, Any], said: str) -> None:
    project.release["baselines"] = {"base": {"few_shot": 2}, name: baseline}
    found = problems(project)
    assert len(found) == 1, found
    assert said.casefold() in found[0].casefold()
    assert found[0].startswith("release.yaml:")
    assert "secret" not in found[0]


def test_each_answer_of_people_is_checked(project: Project) -> None:
    given = [{"id": row["id"], "answer": row["label"]} for row in rows(30)]
    given[3]["id"] = "message2"
    given[4] = {"id": "nobody", "answer": "other"}
    (project.root / "people.jsonl").write_text("".join(json.dumps(one) + "\n" for one in given[:29]))
    project.release["baselines"] |= {"people": {"human": {"queue.sort": "people.jsonl"}}}
    found = problems(project)
    assert found == [
        "people.jsonl:4: the id 'message2' stands twice.",
        "people.jsonl:5: no sample has the id 'nobody'.",
    ]
    write_rows(project.root / "people.jsonl", [{"id": row["id"], "answer": row["label"]} for row in rows(29)])
    assert problems(project) == ["people.jsonl: 1 samples have no answer (the first: 'message29'); each needs one."]


def test_validation_rows_never_come_from_the_test_rows(project: Project) -> None:
    write_rows(project.root / "validation.jsonl", [*rows(6, "validation"), *rows(1)])
    project.suite["tasks"]["sort"] |= {"alternatives": [{"user": "Q: {{ text }}"}], "validation": "validation.jsonl"}
    (found,) = problems(project)
    assert "1 of the rows of 'validation' also stand in 'data'" in found


def test_alternatives_need_rows_that_choose(project: Project) -> None:
    project.suite["tasks"]["sort"] |= {"alternatives": [{"user": "Q: {{ text }}"}]}
    (found,) = problems(project)
    assert "'alternatives' needs 'validation'" in found


def test_an_alternative_must_be_a_prompt(project: Project) -> None:
    write_rows(project.root / "validation.jsonl", rows(6, "validation"))
    project.suite["tasks"]["sort"] |= {"alternatives": [{"user": "always the same"}], "validation": "validation.jsonl"}
    (found,) = problems(project)
    assert "reads no column" in found
