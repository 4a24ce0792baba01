"""Gates against the clean run: the same candidate on the same samples, before and after they were perturbed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import yaml

from harness.core.decisions import Decision
from harness.core.estimates import Comparison
from harness.core.places import Place
from harness.core.policies import Gate, Subset
from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample, Score
from harness.core.suites import Suite
from harness.core.verdicts import Role, Verdict
from harness.pipeline.judging.evidence import Judged, Material
from harness.pipeline.judging.judge import infrastructure_failed, judge
from tests.pipeline.hand_made import CANDIDATE, LABELS, METRICS, judged, release, result, some, with_run
from tests.pipeline.release_project import Project
from tests.tgi_stub import Stub

PASS, FAIL, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.ERROR
KINDS = ("typos", "injection")


def gate(metric: str = "accuracy", margin: float = 0.1) -> Gate:
    return Gate(f"h.{metric}", "margin", margin, "clean", Role.GATING, Place("release.yaml", 9))


def perturbed(clean: TaskResult, right: Callable[[int, str], bool]) -> TaskResult:
    """Two copies of each sample; `right` tells from the sample's number and the perturbation how it was answered."""
    samples, outputs, answers, scores = [], [], [], []
    for i, sample in enumerate(clean.samples):
        for kind in KINDS:
            name, group = f"{sample.id}~{kind}", sample.group if sample.group is not None else sample.id
            value = sample.target if right(i, kind) else LABELS[1 - i % 2]
            samples.append(Sample(name, {}, sample.target, group, {"perturbation": kind}, sample.id))
            outputs.append(Output(name, str(value), "stop", latency=0.5))
            answers.append(Answer(name, Outcome.SCORED, value))
            scores += [Score(name, metric, float(value == sample.target)) for metric in ("accuracy", "f1")]
    return TaskResult("t", tuple(samples), tuple(outputs), tuple(answers), tuple(scores))


def material(
    clean: TaskResult, hard: TaskResult, infos: Mapping[str, tuple[MetricInfo, ...]] | None = None
) -> Material:
    runs = {"s": judged("candidate", clean), "h": judged("candidate", hard)}
    other = replace(runs["h"].run, id="run-h", suite="h", task_digests={"t": "hard"}, metrics=infos or {"t": METRICS})
    return {"candidate": {"s": runs["s"], "h": Judged(other, runs["h"].results)}}


def decide(found: Material, *gates: Gate, clean: tuple[str, str] | None = ("s", "t")) -> Decision:
    whole = release(*gates)
    task = replace(whole.suites[0].tasks[0], clean=clean, digest="hard")
    suites = (*whole.suites, Suite("h", "", (task,), "suite"))
    return judge(replace(whole, suites=suites, baselines=()), found, CANDIDATE, "2026-11-22")


CLEAN = result(some(190, 200))
AS_GOOD = perturbed(CLEAN, lambda i, kind: i >= 10)
WORSE = perturbed(CLEAN, lambda i, kind: i >= 90)


@pytest.mark.parametrize("metric", ["accuracy", "f1", "macro_f1"])
def test_a_model_that_holds_passes_and_one_that_breaks_fails(metric: str) -> None:
    assert decide(material(CLEAN, AS_GOOD), gate(metric)).verdict is PASS
    assert decide(material(CLEAN, WORSE), gate(metric)).verdict is FAIL


def test_every_perturbed_sample_is_held_against_its_own_origin() -> None:
    found = decide(material(CLEAN, perturbed(CLEAN, lambda i, kind: i >= 10 and kind == "typos")), gate())
    evidence = found.results[0].finding.evidence
    assert isinstance(evidence, Comparison)
    assert evidence.pairs == 400
    assert evidence.baseline == pytest.approx(0.95)
    assert evidence.candidate == pytest.approx(0.475)
    assert "200 groups" in evidence.method, "copies of one sample are not independent"


def test_a_subset_is_held_against_the_same_subset() -> None:
    few = perturbed(replace(CLEAN, samples=CLEAN.samples[:50]), lambda i, kind: i >= 10)
    found = decide(material(CLEAN, few), gate(margin=0.2)).results[0]
    assert isinstance(found.finding.evidence, Comparison)
    assert found.finding.evidence.baseline == pytest.approx(0.8), "40 of the first 50 were right"
    assert found.verdict is PASS


def test_one_perturbation_alone_is_held_against_the_samples_that_it_was_given() -> None:
    typos = replace(gate(), subset=Subset("slice", "perturbation", "typos"))
    evidence = decide(material(CLEAN, perturbed(CLEAN, lambda i, kind: i >= 10 and kind != "typos")), typos)
    found = evidence.results[0].finding.evidence
    assert isinstance(found, Comparison)
    assert (found.pairs, found.candidate, found.baseline) == (200, 0.0, 0.95)


def test_the_groups_of_the_clean_samples_are_kept() -> None:
    clean = result(some(190, 200), group=5)
    found = decide(material(clean, perturbed(clean, lambda i, kind: i >= 10)), gate()).results[0]
    assert isinstance(found.finding.evidence, Comparison)
    assert "40 groups" in found.finding.evidence.method


@pytest.mark.parametrize("metric", ["accuracy", "f1", "macro_f1"])
def test_a_lost_clean_sample_counts_as_right(metric: str) -> None:
    kept, lost = result([False] * 2 + [True] * 198), result([False] * 2 + [True] * 198, lost=2)
    hard = perturbed(kept, lambda i, kind: i >= 2)
    differences = []
    for clean in (kept, lost):
        evidence = decide(material(clean, hard), gate(metric)).results[0].finding.evidence
        assert isinstance(evidence, Comparison)
        differences.append(evidence.difference)
    assert differences[0] == pytest.approx(0.0)
    assert differences[1] == pytest.approx(-0.01, abs=1e-3)


def test_too_many_lost_clean_samples_are_no_evidence() -> None:
    found = decide(
        material(result([True] * 200, lost=3), perturbed(result([True] * 200), lambda i, kind: True)), gate()
    )
    assert found.verdict is ERROR
    assert infrastructure_failed(found)


def foreign(found: TaskResult) -> TaskResult:
    """The same under other ids."""
    parts = {
        name: tuple(replace(part, sample_id=f"x{part.sample_id}") for part in getattr(found, name))
        for name in ("outputs", "answers", "scores")
    }
    return replace(found, samples=tuple(replace(sample, id=f"x{sample.id}") for sample in found.samples), **parts)


def other_targets(found: TaskResult) -> TaskResult:
    return replace(found, samples=(replace(found.samples[0], target="yes"), *found.samples[1:]))


def asked_twice(found: TaskResult) -> TaskResult:
    again = tuple(replace(output, repeat=1) for output in found.outputs)
    answers = (*found.answers, *(replace(answer, repeat=1) for answer in found.answers))
    scores = (*found.scores, *(replace(score, repeat=1) for score in found.scores))
    return replace(found, outputs=(*found.outputs, *again), answers=answers, scores=scores)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (foreign, "h.t was not made of s.t: 400 samples are of no sample of it (e.g. s0000~typos)"),
        (other_targets, "candidate and clean can't be compared: other targets"),
        (asked_twice, "each sample asked 1 and 2 times"),
    ],
)
def test_a_clean_run_of_something_else_is_an_error(spoil: Callable[[TaskResult], TaskResult], said: str) -> None:
    found = decide(material(spoil(CLEAN), AS_GOOD), gate())
    assert found.verdict is ERROR
    assert said in found.results[0].sentence


def test_samples_that_lost_their_origin_are_an_error() -> None:
    blank = replace(AS_GOOD, samples=tuple(replace(sample, origin=None) for sample in AS_GOOD.samples))
    assert decide(material(CLEAN, blank), gate()).verdict is ERROR


def test_other_metric_versions_are_an_error() -> None:
    infos = {"t": tuple(replace(info, version=2) for info in METRICS)}
    found = decide(material(CLEAN, AS_GOOD, infos), gate())
    assert found.verdict is ERROR
    assert "accuracy in versions 2 and 1" in found.results[0].sentence


def test_without_a_clean_run_there_is_nothing_to_compare_with() -> None:
    whole = material(CLEAN, AS_GOOD)
    alone = {"candidate": {"h": whole["candidate"]["h"]}}
    assert "the candidate's run has no samples of s.t" in decide(alone, gate()).results[0].sentence
    found = decide(whole, gate(), clean=None)
    assert found.verdict is ERROR
    assert "is no robustness task" in found.results[0].sentence


def test_a_clean_run_of_another_adapter_is_an_error() -> None:
    whole = material(CLEAN, AS_GOOD)
    spoilt = with_run(whole, "candidate", model=replace(whole["candidate"]["s"].run.model, adapter_digest="other"))
    both = {"candidate": {**whole["candidate"], **spoilt["candidate"]}}
    found = decide(both, gate())
    assert found.verdict is ERROR
    assert "made with another model" in found.results[0].sentence


def test_the_decision_names_no_run_of_a_baseline_called_clean() -> None:
    found = decide(material(CLEAN, AS_GOOD), gate())
    assert set(found.runs) == {"candidate"}
    assert found.results[0].gate.id == "h.accuracy:margin:clean"
    assert "worse than on the unchanged texts by less than 10 points, if at all" in found.results[0].client_sentence
    failed = decide(material(CLEAN, WORSE), gate()).results[0]
    assert "measurably worse than on the unchanged texts by more than was agreed" in failed.client_sentence


def test_a_lost_clean_sample_counts_as_right_for_each_of_its_copies() -> None:
    found = decide(material(result(some(190, 200), lost=1), AS_GOOD), gate()).results[0].finding.evidence
    assert isinstance(found, Comparison)
    assert (found.pairs, found.baseline) == (400, 191 / 200)  # it would have been wrong


def hard_project(project: Project, place: str) -> None:
    """The project with a robustness suite, and a gate against the clean run alone."""
    ways = [{"whitespace": {"ways": ["doubled"]}}, {"injection": {"place": place}}]
    task = {"kind": "robustness", "of": "queue.yaml", "perturbations": ways}
    text = yaml.safe_dump({"name": "hard", "tasks": {"sort": task}})
    (project.root / "hard.yaml").write_text(text, encoding="utf-8")
    project.release["suites"].append("hard.yaml")
    project.release["gates"] = [{"metric": "hard.accuracy", "against": "clean", "margin": 0.2}]
    project.write()


@pytest.mark.parametrize(("place", "code"), [("before", 0), ("after", 1)])
def test_the_whole_way_from_the_suite_to_the_report(project: Project, stub: Stub, place: str, code: int) -> None:
    hard_project(project, place)
    assert project.call("gate", "-q") == code
    found = project.record["results"][0]
    assert found["finding"]["evidence"]["pairs"] == 120
    assert found["finding"]["evidence"]["baseline"] == 1.0
    assert set(project.record["runs"]) >= {"candidate", "base"}
    assert "clean" not in project.record["runs"]
    page = (project.state.reports("r") / f"{project.record['id'][:12]}.html").read_text(encoding="utf-8")
    assert "perturbed against clean: accuracy" in page
    assert "the same samples of queue.sort, before they were perturbed" in page
    asked = [body["messages"][-1]["content"] for body in stub.posts("/v1/chat/completions") if body["model"] == "tuned"]
    assert len(asked) == len(set(asked)) == 60 * 3
