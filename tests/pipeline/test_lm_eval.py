"""lm-eval asks the deployed model and its figures are kept sample by sample; an interrupted task goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("lm_eval")

from harness.client.lm_eval_model import TgiLM
from harness.client.tgi import TgiClient
from harness.core.errors import ConfigError, OutsideError
from harness.core.runs import TaskResult
from harness.core.samples import Outcome
from harness.pipeline import lm_eval_run
from tests.pipeline.release_project import Project
from tests.tgi_stub import ADAPTER, Stub

TASK = """\
task: tiny
dataset_path: json
dataset_kwargs: {data_files: {test: data/facts.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_choice: "{{choices}}"
doc_to_target: answer
target_delimiter: " "
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
metadata: {version: 1.0}
"""
FACTS = [
    ("France", "Paris", "Rome"),
    ("Italy", "Rome", "Oslo"),
    ("Norway", "Oslo", "Paris"),
    ("Spain", "Madrid", "Oslo"),
]


@pytest.fixture
def project(project: Project) -> Project:
    """The project with a suite of one lm-eval task: four questions."""
    (project.root / "lm").mkdir()
    (project.root / "lm/tiny.yaml").write_text(TASK)
    rows = [{"id": f"q{i}", "question": q, "choices": [b, a], "answer": 1} for i, (q, a, b) in enumerate(FACTS)]
    (project.root / "data/facts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    project.suite["tasks"] = {"facts": {"kind": "lm_eval", "task": "tiny", "include": "lm", "metrics": ["accuracy"]}}
    project.write()
    return project


def likes(word: str) -> float:
    """Paris over Rome over Oslo over all else: right about France and Italy only."""
    return {" Paris": -0.5, " Rome": -2.0, " Oslo": -3.0}.get(word, -6.0)


def run(project: Project, stub: Stub, folder: Path) -> TaskResult:
    from harness.config.suites import load_suite

    suite, problems = load_suite(project.root, "queue.yaml")
    assert suite
    assert problems == []

    def connect() -> TgiClient:
        return TgiClient(stub.url, concurrency=4)

    return lm_eval_run.run_lm_eval(project.root, suite.tasks[0], connect, ADAPTER, folder, lambda done, total: None)


def test_each_sample_is_scored_by_its_likeliest_choice(project: Project, stub: Stub, tmp_path: Path) -> None:
    stub.logprob = likes
    result = run(project, stub, tmp_path / "run")
    assert [sample.id for sample in result.samples] == ["q0", "q1", "q2", "q3"]
    assert [output.text for output in result.outputs] == ["Paris", "Rome", "Paris", "Oslo"]
    assert [score.value for score in result.scores] == [1.0, 1.0, 0.0, 0.0]
    assert {answer.outcome for answer in result.answers} == {Outcome.SCORED}
    assert result.outputs[0].choices == pytest.approx((-2.5, -1.0)), "with the adapter's shift of 0.5"
    assert {body["parameters"]["adapter_id"] for body in stub.posts("/generate")} == {ADAPTER}


def test_an_interrupted_task_asks_only_what_is_missing(project: Project, stub: Stub, tmp_path: Path) -> None:
    stub.logprob = likes
    whole = run(project, stub, tmp_path / "run")
    memo = tmp_path / "run/lm_eval.facts.jsonl"
    lines = [line for line in memo.read_text().splitlines() if line]
    assert len(lines) == len(stub.posts("/generate")) == 8
    memo.write_text("\n".join([*lines[:5], lines[5][:9]]))
    assert run(project, stub, tmp_path / "run") == whole
    assert len(stub.posts("/generate")) == 8 + 3


@pytest.mark.parametrize(("prefill", "logprob"), [(False, -1.0), (True, None), (True, float("nan"))])
def test_missing_numbers_are_never_scores(
    project: Project, stub: Stub, prefill: bool, logprob: float | None, tmp_path: Path
) -> None:
    stub.prefill, stub.logprob = prefill, lambda word: logprob
    with pytest.raises(OutsideError, match="log-probabilit"):
        run(project, stub, tmp_path / "run")


def test_the_gate_judges_an_lm_eval_suite(project: Project, stub: Stub) -> None:
    stub.logprob = likes
    project.release["gates"] = [{"metric": "queue.accuracy", "at_least": 0.1}]
    project.release["serve"]["unproven"] = "accept"
    project.write()
    assert project.gate() == 3, "four samples are too few"
    assert project.record["results"][0]["finding"]["evidence"]["value"] == 0.5
    asked = len(stub.posts("/generate"))
    assert project.gate() == 3
    assert len(stub.posts("/generate")) == asked


def model(stub: Stub) -> TgiLM:
    return TgiLM(lambda: TgiClient(stub.url), None, {}, lambda done, total: None)


def asked(*pairs: tuple[Any, ...]) -> list[Any]:
    return [SimpleNamespace(args=pair) for pair in pairs]


def pairs(lm: TgiLM, *given: tuple[str, str]) -> Sequence[tuple[float, bool]]:
    return lm.loglikelihood(asked(*given))


@pytest.mark.parametrize("rank", [True, False])
def test_greedy_is_known_with_and_without_ranks(stub: Stub, rank: bool) -> None:
    stub.logprob, stub.rank, stub.likeliest = likes, rank, lambda text: " Paris"
    found = pairs(model(stub), ("capital of France:", " Paris"), ("capital of France:", " Rome"))
    assert found == [(pytest.approx(-0.5), True), (pytest.approx(-2.0), False)]
    assert len(stub.posts("/generate")) == (2 if rank else 4)


def test_a_space_at_the_end_of_the_context_belongs_to_the_continuation(stub: Stub) -> None:
    stub.logprob = likes
    assert pairs(model(stub), ("capital: ", "Paris")) == [(pytest.approx(-0.5), True)]


def test_tokens_joined_across_the_border_are_refused(stub: Stub) -> None:
    with pytest.raises(OutsideError, match="joins the tokens"):
        pairs(model(stub), ("capital", "ism"))


def test_text_ends_before_the_first_stop(stub: Stub) -> None:
    stub.likeliest = lambda text: " one two\n\nthree four"
    given = {"until": ["\n\n"], "max_gen_toks": 9}
    assert model(stub).generate_until(asked(("count:", given))) == [" one two"]
    with pytest.raises(OutsideError, match="samples"):
        model(stub).generate_until(asked(("count:", {"temperature": 0.7, "do_sample": True})))


def test_a_failing_server_is_an_outside_error(stub: Stub) -> None:
    stub.always = 422
    with pytest.raises(OutsideError, match="while lm-eval was asking: HTTP 422"):
        pairs(model(stub), ("a b", " c"), ("d e", " f"))


def sample(number: int, name: str = "none", **more: object) -> dict[str, Any]:
    return {
        "doc_id": number, "doc": {"id": name}, "target": 0, "filtered_resps": [[-1.0, True], [-2.0, False]], "acc": 1.0,
    } | more  # fmt: skip


def test_samples_of_one_name_stay_two_samples() -> None:
    result = lm_eval_run._result("t", [sample(0, "a"), sample(1, "a")], 2)
    assert [one.id for one in result.samples] == ["0", "1"]


def test_a_lost_sample_is_told() -> None:
    with pytest.raises(OutsideError, match="gave 1 of 2 samples"):
        lm_eval_run._result("t", [sample(0)], 2)


def test_each_row_counts_once_however_many_filters_a_task_has() -> None:
    found = [sample(i, filter=name) for name in ("strict", "loose") for i in (1, 0)]
    assert [(one["doc_id"], one["filter"]) for one in lm_eval_run._one_filter(found)] == [(0, "strict"), (1, "strict")]


def test_a_task_without_accuracy_is_told() -> None:
    with pytest.raises(ConfigError, match="neither of acc, exact_match"):
        lm_eval_run._result("t", [{k: v for k, v in sample(0).items() if k != "acc"}], 1)
