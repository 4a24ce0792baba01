from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.estimates import Comparison, Unestimable
from harness.core.places import Place
from harness.core.policies import Gate, Subset
from harness.core.runs import TaskResult
from harness.core.verdicts import Role
from harness.pipeline.judging.evidence import Judged, Material
from harness.pipeline.reporting.metrics import Found, found_by_gates
from harness.pipeline.reporting.robustness import robustness_of
from harness.pipeline.reporting.task import StoredTask
from harness.report.numbers import Robustness
from tests.pipeline.hand_made import judged, result, some
from tests.pipeline.judging.test_clean import decide, material, perturbed
from tests.pipeline.reporting.by_hand import NOTHING, tasks

CLEAN = result(some(190, 200))
HARD = perturbed(CLEAN, lambda i, kind: i >= (60 if kind == "typos" else 10))


def hard(found: Material, clean: str = "s.t") -> StoredTask:
    """The robustness task, with what the run says it perturbs."""
    one = found["candidate"]["h"]
    runs = {**found["candidate"], "h": Judged(replace(one.run, clean={"t": clean} if clean else {}), one.results)}
    return next(task for task in tasks({"candidate": runs}) if task.suite == "h")


def known(task: StoredTask, found: Found = NOTHING) -> Robustness:
    told = robustness_of(task, found)
    assert told is not None
    return told


def test_each_perturbation_is_held_against_the_same_samples_before_it() -> None:
    found = known(hard(material(CLEAN, HARD)))
    assert (found.clean, found.metric, found.problem) == ("s.t", "accuracy", "")
    assert [(one.kind, one.samples) for one in found.kinds] == [("typos", 200), ("injection", 200)]
    typos, injection = (one.change for one in found.kinds)
    assert isinstance(typos, Comparison)
    assert isinstance(injection, Comparison)
    assert (typos.candidate, typos.baseline, typos.difference) == (0.7, 0.95, pytest.approx(-0.25))
    assert injection.difference == 0.0
    assert typos.method == "Tango", "of one perturbation every sample has one copy"


@pytest.mark.parametrize("group", [0, 5])
def test_a_perturbation_comes_to_what_a_gate_finds_on_it(group: int) -> None:
    clean = result(some(190, 200), lost=1, group=group)
    runs = material(clean, perturbed(clean, lambda i, kind: i >= 60))
    margin = Gate("h.accuracy", "margin", 0.1, "clean", Role.GATING, Place("release.yaml", 9),
                  Subset("slice", "perturbation", "typos"))  # fmt: skip
    decision = decide(runs, margin)
    assert known(hard(runs)).kinds[0].change == decision.results[0].finding.evidence
    assert known(hard(runs), found_by_gates(decision)).kinds[0].change is decision.results[0].finding.evidence


def test_a_task_that_perturbs_none_has_no_robustness() -> None:
    assert robustness_of(hard(material(CLEAN, HARD), clean=""), NOTHING) is None


@pytest.mark.parametrize(
    ("clean", "reason"),
    [("elsewhere.t", "the candidate's run has no samples of elsewhere.t"), ("h.t", "h.t was not made of h.t")],
)
def test_where_there_is_nothing_to_compare_it_says_why(clean: str, reason: str) -> None:
    found = known(hard(material(CLEAN, HARD), clean))
    assert found.kinds == ()
    assert reason in found.problem


def test_a_perturbation_of_which_nothing_was_evaluated_is_no_drop() -> None:
    few = replace(CLEAN, samples=CLEAN.samples[:1])
    one, rest = perturbed(few, lambda i, kind: True), perturbed(CLEAN, lambda i, kind: True)
    lost = lost_of(one, rest)
    runs = material(CLEAN, lost)
    found = known(hard({**runs, "candidate": {**runs["candidate"], "s": judged("candidate", CLEAN)}}))
    assert found.kinds[-1].change == Unestimable("none of its samples was evaluated", 1)


def lost_of(one: TaskResult, rest: TaskResult) -> TaskResult:
    """All samples, and one more perturbation whose only sample was lost."""
    sample = replace(one.samples[0], id="s0000~ocr", slices={"perturbation": "ocr"})
    return replace(rest, samples=(*rest.samples, sample))
