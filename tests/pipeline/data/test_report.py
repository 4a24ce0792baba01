"""The data report of a real release: its numbers, its page and its text."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from harness.core.errors import ConfigError
from harness.pipeline.data.given import readable_release
from harness.pipeline.data.report import data_report, write_data_report
from harness.report.data.numbers import DataReport, RowSet
from harness.report.data.text import lines
from harness.report.data.view import build_data_report
from tests.projects import Project

WORDS = ["parcel", "van", "courier", "street", "depot", "tracking", "late", "box", "door", "driver"]
OTHER = ["museum", "opening", "weather", "poem", "recipe", "joke", "music", "river", "cloud", "film"]


def taught(number: int, label: str, words: list[str] = WORDS) -> dict[str, object]:
    """A training row of the triage task, none like another."""
    text = " ".join([*Random(number).choices(words, k=9), str(number)])
    turns = [("system", "Name the queue."), ("user", text), ("assistant", label)]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


@pytest.fixture
def rich(desk: Project) -> Project:
    """With forty training rows of the triage task, one of them leaked, and two that are no task's."""
    rows = [taught(i, "billing" if i % 4 else "shipping") for i in range(40)]
    other = {"messages": [{"role": "user", "content": "hello there"}, {"role": "assistant", "content": "hi"}]}
    desk.rows("data/train.jsonl", [*rows, other])
    desk.rows("data/validation.jsonl", [taught(i, "billing") for i in range(100, 120)])
    text = rows[7]["messages"][1]["content"]  # type: ignore[index]
    samples = [{"id": f"t{i}", "text": f"sample number {i}", "label": "billing", "language": "en"} for i in range(10)]
    desk.rows("data/triage.jsonl", [*samples, {"id": "leak", "text": text, "label": "billing", "language": "en"}])
    return desk


def report(project: Project, production: str | None = None, task: str | None = None) -> DataReport:
    file = project.root / production if production else None
    return data_report(readable_release(project.root / "release.yaml"), file, task)


def of(found: DataReport, task: str, side: str) -> RowSet:
    return next(one for one in found.sets if (one.task, one.side) == (task, side))


def test_rows_are_counted_by_task_and_side(rich: Project) -> None:
    found = report(rich)
    train = of(found, "triage.queue", "train")
    assert (train.rows, train.labels) == (40, {"billing": 30, "shipping": 10})
    assert of(found, "triage.queue", "validation").labels == {"billing": 20}
    assert of(found, "triage.queue", "test").rows == 11
    assert of(found, "", "train").rows == 1
    assert [(one.side, one.name, one.rows) for one in found.files] == [
        ("train", "data/train.jsonl", 41),
        ("validation", "data/validation.jsonl", 20),
    ]


def test_leaks_and_findings_are_those_of_the_other_verbs(rich: Project) -> None:
    found = report(rich)
    assert [(one.task, one.sample, one.kind, one.place) for one in found.leaks] == [
        ("triage.queue", "leak", "exact", "data/train.jsonl:8")
    ]
    assert found.allowed == 0
    assert "volume" in {one.check for one in found.findings}


def test_sides_that_differ_are_marked_and_production_is_held_against_training(rich: Project) -> None:
    rich.rows("live.jsonl", [{"text": taught(i, "", OTHER)["messages"][1]["content"]} for i in range(200, 240)])  # type: ignore[index]
    found = report(rich, "live.jsonl", "triage.queue")
    drift = {one.sides: one for one in found.drift if one.task == "triage.queue"}
    assert list(drift)[:3] == [("train", "validation"), ("train", "test"), ("train", "production")]
    labels = drift["train", "validation"].labels
    assert labels is not None
    assert labels.value == pytest.approx(0.25)
    far = drift["train", "production"]
    assert far.labels is None
    assert far.words.p <= 0.01
    assert far.rows == (40, 40)
    text = "\n".join(lines(build_data_report(found), 110))
    assert "train and production" in text
    assert "no labels" in text


def test_the_page_and_the_text_tell_the_same(rich: Project) -> None:
    found = report(rich)
    release = readable_release(rich.root / "release.yaml")
    page = write_data_report(release, found).read_text(encoding="utf-8")
    text = "\n".join(lines(build_data_report(found), 110)).replace("\u00a0", " ")
    page = page.replace("\u00a0", " ")
    for said in ("data/train.jsonl:8", "1 sample", "triage.queue", "Copies and contradictions"):
        assert said.casefold() in text.casefold()
        assert said.casefold() in page.casefold()
    assert "<script" not in page
    assert max(map(len, text.splitlines())) <= 110


def test_hostile_rows_stay_text(rich: Project) -> None:
    row = taught(900, "<script>alert(1)</script>")
    rich.rows("data/validation.jsonl", [row, taught(901, "<script>alert(1)</script>"), taught(902, "billing")])
    found = report(rich)
    page = write_data_report(readable_release(rich.root / "release.yaml"), found).read_text(encoding="utf-8")
    assert "<script" not in page


def test_rows_that_cannot_be_read_stand_first_and_no_leak_is_ruled_out(rich: Project) -> None:
    rich.write("data/train.jsonl", rich.read("data/train.jsonl") + "{broken\n")
    found = report(rich)
    assert [said.split(": ")[0] for said in found.unreadable] == ["data/train.jsonl:42"]
    view = build_data_report(found)
    assert view.notices[0].startswith("data/train.jsonl:42: ")
    assert "Leaks were not looked for: rows can't be read." in view.notices
    part = next(one for one in view.parts if one.title == "Contamination")
    assert "not looked for" in part.none


@pytest.mark.parametrize(
    ("production", "task", "said"),
    [("none.jsonl", None, "none.jsonl"), ("data/train.jsonl", "triage.x", "there is no task 'triage.x' with a prompt")],
)
def test_what_is_not_there_is_told(rich: Project, production: str, task: str | None, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        report(rich, production, task)


def test_a_release_that_gives_an_adapter_has_no_rows_to_report_on(rich: Project, tmp_path: Path) -> None:
    text = rich.read("release.yaml")
    start, end = text.index("  train:"), text.index("serve:")
    rich.write("release.yaml", f"{text[:start]}  adapter: adapter\n{text[end:]}")
    rich.write("adapter/adapter_model.safetensors", "x")
    with pytest.raises(ConfigError, match="trains nothing"):
        report(rich)
