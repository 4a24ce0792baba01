"""A baseline that never answered is nothing to compare with: how answers ended is counted, and counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.pipeline.release_project import Project, rows, write_rows
from tests.tgi_stub import ADAPTER, Stub

Change = Callable[[dict[str, Any], dict[str, Any]], object]


def filtered(reply: dict[str, Any], choice: dict[str, Any]) -> None:
    choice["finish_reason"] = "content_filter"
    choice["message"]["content"] = ""


def half_filtered(reply: dict[str, Any], choice: dict[str, Any]) -> None:
    choice["finish_reason"] = "content_filter"


def silent(reply: dict[str, Any], choice: dict[str, Any]) -> None:
    choice["message"]["content"] = None


def calls_a_tool(reply: dict[str, Any], choice: dict[str, Any]) -> None:
    choice["message"] |= {"content": None, "tool_calls": [{"type": "function", "function": {"name": "f"}}]}


def refuses(reply: dict[str, Any], choice: dict[str, Any]) -> None:
    choice["message"] |= {"content": None, "refusal": "I can't help with that."}


def errs(reply: dict[str, Any], choice: dict[str, Any]) -> None:
    reply["error"] = {"message": "upstream is down"}
    choice["message"]["content"] = ""


def cut(reply: dict[str, Any], choice: dict[str, Any]) -> None:
    choice["finish_reason"] = "length"


def thinks(reply: dict[str, Any], choice: dict[str, Any]) -> None:
    choice["message"]["content"] = f"<think>hm</think>{choice['message']['content']}"


def change_replies(stub: Stub, change: Change, adapters: tuple[str | None, ...], every: int = 1) -> None:
    """Every so manieth chat reply to one of these adapters (None: the base) is changed."""
    plain, count = stub._chat, [0]

    async def changed(body: Any) -> Any:
        reply = await plain(body)
        if (None if body["model"] == "tgi" else body["model"]) in adapters:
            count[0] += 1
            if count[0] % every == 0:
                change(reply, reply["choices"][0])
        return reply

    stub._chat = changed  # type: ignore[method-assign]


@pytest.fixture
def compared(project: Project, stub: Stub) -> Project:
    """A candidate that is right on a third of the samples, compared with its base alone."""
    project.release["gates"] = [{"metric": "queue.accuracy", "against": "base", "improves": True}]
    project.write()
    stub.answer = lambda text, adapter: "billing" if adapter else text.rsplit(" ", 1)[-1]
    return project


@pytest.mark.parametrize(
    ("change", "ending"),
    [(filtered, "content_filter"), (half_filtered, "content_filter"), (silent, "empty"), (calls_a_tool, "tool_calls"),
     (refuses, "refusal"), (errs, "error")],
)  # fmt: skip
def test_a_baseline_whose_answers_were_withheld_is_an_error_of_the_outside(
    compared: Project, stub: Stub, change: Change, ending: str
) -> None:
    change_replies(stub, change, (None,))
    assert compared.gate() == 4
    record = compared.record
    assert record["verdict"] == "ERROR"
    assert "the base did not answer 60 of 60 samples" in record["results"][0]["sentence"]
    assert record["endings"]["base"]["queue.sort"] == {ending: 60}
    assert record["endings"]["candidate"]["queue.sort"] == {"answered": 60}


@pytest.mark.parametrize(("change", "ending"), [(cut, "length"), (thinks, "unreadable")])
def test_a_baseline_without_the_form_needs_a_second_gate(
    compared: Project, stub: Stub, change: Change, ending: str
) -> None:
    change_replies(stub, change, (None,))
    assert compared.gate() == 3
    record = compared.record
    assert record["endings"]["base"]["queue.sort"] == {ending: 60}
    said = record["results"][0]["sentence"]
    assert "a comparison with it shows little by itself" in said
    assert "'at_least' above what a constant answer reaches, on queue.accuracy (0.3333)" in said
    assert "60 of 60 answers of the base were" in record["results"][0]["answers"]
    assert not any("answers of the base" in note for note in record["notes"]), "said once"


@pytest.mark.parametrize(
    ("bound", "role", "code"), [(0.34, "gating", 0), (0.33, "gating", 3), (0.34, "advisory", 3), (0.34, "critical", 0)]
)
def test_only_a_gate_above_a_constant_answer_that_must_pass_makes_up_for_it(
    compared: Project, stub: Stub, bound: float, role: str, code: int
) -> None:
    compared.release["gates"].append({"metric": "queue.accuracy", "at_least": bound, "role": role})
    compared.write()
    stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1]
    change_replies(stub, thinks, (None,))
    assert compared.gate() == code


def test_a_metric_without_a_known_constant_answer_needs_a_gate_on_another_one(compared: Project, stub: Stub) -> None:
    pytest.importorskip("sacrebleu")
    task = {key: compared.suite["tasks"]["sort"][key] for key in ("data", "examples", "prompt")}
    compared.suite["tasks"]["sort"] = {**task, "kind": "generate", "target": "text", "metrics": ["bleu", "rouge_l"]}
    write_rows(compared.root / "data/test.jsonl", rows(240))
    compared.release["gates"] = [{"metric": "queue.bleu", "against": "base", "improves": True}]
    stub.answer = lambda text, adapter: text if adapter else text.split()[0]
    change_replies(stub, cut, (None,))
    for gate, code in (
        (None, 3),
        ({"metric": "queue.bleu", "at_least": 0.001}, 3),  # nobody knows whether that lies above a constant answer
        ({"metric": "queue.rouge_l", "at_least": 0.95}, 0),
    ):
        compared.release["gates"] += [gate] if gate else []
        compared.write()
        assert compared.gate() == code
        if code:
            assert "above what a constant answer reaches, on queue.rouge_l (0." in str(compared.record["results"])


def test_a_margin_and_a_win_rate_need_it_too(compared: Project, stub: Stub) -> None:
    compared.release["gates"] = [
        {"metric": "queue.accuracy", "against": "base", "margin": 0.05},
        {"metric": "queue.accuracy", "against": "base", "win_rate": 0.5},
    ]
    compared.write()
    stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1]
    change_replies(stub, thinks, (None,))
    assert compared.gate() == 3
    assert [one["verdict"] for one in compared.record["results"]] == ["INCONCLUSIVE"] * 2


def test_the_form_itself_may_be_compared(compared: Project, stub: Stub) -> None:
    compared.release["gates"] = [{"metric": "queue.format", "against": "base", "improves": True}]
    compared.write()
    change_replies(stub, thinks, (None,))
    assert compared.gate() == 0


def test_a_tenth_of_a_baseline_may_go(compared: Project, stub: Stub) -> None:
    stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1] if adapter else "billing"
    change_replies(stub, filtered, (None,), every=10)
    assert compared.gate() == 0
    assert compared.record["endings"]["base"]["queue.sort"] == {"answered": 54, "content_filter": 6}


def test_a_candidates_withheld_answers_are_its_failures(project: Project, stub: Stub) -> None:
    change_replies(stub, filtered, (ADAPTER,))
    assert project.gate() == 1
    assert project.record["endings"]["candidate"]["queue.sort"] == {"content_filter": 60}


def test_people_who_wrote_question_marks_are_no_baseline(project: Project, stub: Stub) -> None:
    rows = [json.loads(line) for line in (project.root / "data/test.jsonl").read_text().splitlines()]
    path = project.root / "people.jsonl"
    path.write_text("".join(json.dumps({"id": row["id"], "answer": "?"}) + "\n" for row in rows))
    project.release["baselines"] = {"people": {"human": {"queue.sort": "people.jsonl"}}}
    project.release["gates"] = [{"metric": "queue.accuracy", "against": "people", "improves": True}]
    project.write()
    assert project.gate() == 3
    assert "of the people, 60 of 60 answers are 60 not in the form" in project.record["results"][0]["sentence"]


def test_a_refusal_is_right_where_one_is_asked_for(project: Project, stub: Stub) -> None:
    project.suite["tasks"]["sort"] = {
        "kind": "refuse", "phrases": ["no way"], "data": "data/test.jsonl", "target": "label",
        "prompt": {"user": "{{ text }}"},
    }  # fmt: skip
    path = project.root / "data/test.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**row, "label": "refuse"}) + "\n" for row in rows))
    project.release["gates"], project.release["baselines"] = project.release["gates"][:1], {}
    project.write()
    change_replies(stub, refuses, (ADAPTER,))
    assert project.gate() == 0
    assert project.record["endings"]["candidate"]["queue.sort"] == {"answered": 60}


def test_the_counts_stand_on_every_surface(
    compared: Project, stub: Stub, tmp_path: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    change_replies(stub, thinks, (None,), every=2)
    files = {name: tmp_path / f"gate.{name}" for name in ("markdown", "junit", "sarif")}
    words = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    assert compared.call("gate", "-q", *words) == 1
    said = " ".join(capfd.readouterr().out.split())
    beside = "30 of 60 answers of the base were not in the form that was asked for"
    assert beside in said
    assert beside in files["markdown"].read_text().replace("\\", "")
    assert 'name="answers base queue.sort" value="60: 30 answered, 30 unreadable"' in files["junit"].read_text()
    about = json.loads(files["sarif"].read_text())["runs"][0]["properties"]
    assert about["answers"]["base queue.sort"] == "60: 30 answered, 30 unreadable"
    pages = compared.state.reports("r")
    internal = (pages / f"{compared.record['id'][:12]}.html").read_text(encoding="utf-8")
    assert beside in internal
    client = "".join(path.read_text(encoding="utf-8") for path in pages.glob("*client*.html"))
    assert "30 in another form than was asked for" in client
