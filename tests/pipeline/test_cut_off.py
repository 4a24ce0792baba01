"""Answers that ran into max_new_tokens: what they are worth, and that nobody overlooks how many there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.store.database import opened
from tests.pipeline.release_project import Project, write_rows
from tests.tgi_stub import ADAPTER, Stub

TEXT = "The parcel {i} came late and the customer wants the money back for it today"
CUT, ALL = 26, 40
SAID = "26 of 40 answers of the candidate were cut off at max_new_tokens 60"


@pytest.fixture
def summaries(project: Project, stub: Stub) -> Project:
    """Forty dialogues; of 26 summaries of the candidate the last words are cut off, which are half of the reference."""
    pytest.importorskip("rouge_score")
    project.suite["tasks"]["sort"] = {
        "kind": "generate", "data": "data/test.jsonl", "target": "label", "prompt": {"user": "{{ text }}"},
        "generation": {"max_new_tokens": 60}, "metrics": ["rouge_l", "format"],
    }  # fmt: skip
    rows = [{"id": f"r{i}", "text": f"dialogue {i} about a parcel", "label": TEXT.format(i=i)} for i in range(ALL)]
    write_rows(project.root / "data/test.jsonl", rows)
    gates = [{"metric": "queue.rouge_l", "at_least": 0.3}, {"metric": "queue.format", "at_least": 0.1}]
    project.release |= {"baselines": {}, "gates": gates}
    project.write()

    def answer(text: str, adapter: str | None) -> str:
        whole = TEXT.format(i=text.split()[1])
        return whole if int(text.split()[1]) >= CUT else " ".join(whole.split()[:7])

    stub.answer = answer
    plain = stub._chat

    async def chat(body: Any) -> Any:
        reply = await plain(body)
        number = int(body["messages"][-1]["content"].split()[1])
        reply["choices"][0]["finish_reason"] = "length" if number < CUT else "stop"
        return reply

    stub._chat = chat  # type: ignore[method-assign]
    return project


def scores(project: Project, metric: str) -> list[float]:
    with opened(project.state.store, read_only=True) as connection:
        query = "SELECT value FROM scores WHERE metric = ? AND part = '' ORDER BY try_cast(sample_id[2:] AS INTEGER)"
        return [value for (value,) in connection.execute(query, [metric]).fetchall()]


def test_a_text_is_scored_for_what_is_there_and_its_form_is_broken(summaries: Project) -> None:
    assert summaries.gate() == 3, "40 samples are too few for a mean"
    assert scores(summaries, "rouge_l") == [pytest.approx(2 * 7 / (7 + 15))] * CUT + [1.0] * (ALL - CUT)
    assert scores(summaries, "format") == [0.0] * CUT + [1.0] * (ALL - CUT)
    assert summaries.record["endings"]["candidate"]["queue.sort"] == {"answered": ALL - CUT, "length": CUT}
    assert [one["answers"] for one in summaries.record["results"]] == [SAID] * 2


def test_a_team_may_want_such_answers_to_fail(summaries: Project) -> None:
    summaries.suite["tasks"]["sort"]["cut_off"] = "fail"
    summaries.write()
    assert summaries.gate() == 3
    assert scores(summaries, "rouge_l") == [0.0] * CUT + [1.0] * (ALL - CUT)
    assert [one["answers"] for one in summaries.record["results"]] == [SAID] * 2


def test_another_word_for_it_is_told(summaries: Project, capfd: pytest.CaptureFixture[str]) -> None:
    summaries.suite["tasks"]["sort"]["cut_off"] = "ignore"
    summaries.write()
    assert summaries.call("validate") == 2
    assert "queue.yaml" in (said := capfd.readouterr().err)
    assert "'cut_off'" in said


def test_it_stands_beside_the_metric_on_every_surface(
    summaries: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / f"gate.{name}" for name in ("markdown", "junit", "sarif")}
    words = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    assert summaries.call("gate", "-q", *words) == 3
    screen = " ".join(capfd.readouterr().out.split())
    assert f"are needed). {SAID}" in screen, "right below the gate's own sentence"
    markdown = files["markdown"].read_text(encoding="utf-8").replace("\\", "")
    assert f"queue.rouge_l:at_least: {SAID}" in markdown
    pages = summaries.state.reports("r")
    internal = (pages / f"{summaries.record['id'][:12]}.html").read_text(encoding="utf-8")
    assert f"{SAID}." in internal, "below the gate"
    assert f"40\u00a0samples; {SAID}" in internal, "above the task's metrics"
    client = "".join(path.read_text(encoding="utf-8") for path in pages.glob("*client*.html"))
    assert "Of 40\u00a0answers, 26 were not whole: 26 cut off at 60 tokens." in client
    assert summaries.call("run", "-q") == 0
    assert "sort: 26 of 40 answers were cut off at max_new_tokens 60" in capfd.readouterr().out


def test_a_gate_on_a_part_counts_the_answers_of_that_part(summaries: Project) -> None:
    rows = [json.loads(line) for line in (summaries.root / "data/test.jsonl").read_text().splitlines()]
    write_rows(summaries.root / "data/test.jsonl", [{**row, "half": "ab"[i >= 20]} for i, row in enumerate(rows)])
    summaries.suite["tasks"]["sort"]["slices"] = ["half"]
    summaries.release["gates"] = [{"metric": "queue.rouge_l", "slice": {"half": "b"}, "at_least": 0.1}]
    summaries.write()
    summaries.gate()
    assert summaries.record["results"][0]["answers"] == (
        "6 of 20 answers of the candidate were cut off at max_new_tokens 60"
    )


def test_labels_are_told_too_and_both_sides_of_a_comparison(project: Project, stub: Stub) -> None:
    stub.finish_reason = "length"
    project.release["gates"] = project.release["gates"][1:]
    project.write()
    assert project.gate() == 3
    assert project.record["results"][0]["answers"] == (
        "60 of 60 answers of the candidate were cut off at max_new_tokens 8; "
        "60 of 60 answers of the base were cut off at max_new_tokens 8"
    )


@pytest.mark.parametrize(("last", "code"), [("</s>", 0), ("ing", 1)])
def test_tgi_says_length_of_an_answer_that_ends_with_its_last_token(
    project: Project, stub: Stub, last: str, code: int
) -> None:
    (project.root / "base/tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>"}))
    stub.finish_reason, stub.tokens = "length", ("ship", last)
    assert project.gate() == code
    ended = "answered" if code == 0 else "length"
    assert project.record["endings"]["candidate"]["queue.sort"] == {ended: 60}
    assert {body["model"] for body in stub.posts("/v1/chat/completions")} == {ADAPTER, "tgi"}
