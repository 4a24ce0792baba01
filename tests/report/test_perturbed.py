"""The table of a robustness task: each perturbation beside the clean run on the same samples."""

from __future__ import annotations

from dataclasses import replace

from harness.core.decisions import Finding, GateResult
from harness.core.estimates import Comparison
from harness.core.releases import Gate, Place
from harness.core.runs import TaskResult
from harness.core.verdicts import Role, Verdict
from harness.report.material import CANDIDATE, Material
from harness.report.page import Table
from harness.report.render import render
from harness.report.view import build_view
from tests.report import made

METRIC = "accuracy"


def copies(clean: TaskResult, kind: str, right: bool) -> TaskResult:
    """The first sixty samples as one perturbation makes them, all answered right or all wrong."""
    names = {sample.id: f"{sample.id}~{kind}" for sample in clean.samples[:60]}
    samples = tuple(
        replace(s, id=names[s.id], group=s.id, origin=s.id, slices={**s.slices, "perturbation": kind})
        for s in clean.samples[:60]
    )
    scores = tuple(
        replace(score, sample_id=names[score.sample_id], value=float(right))
        for score in clean.scores
        if score.sample_id in names
    )
    parts = {
        key: tuple(replace(p, sample_id=names[p.sample_id]) for p in getattr(clean, key) if p.sample_id in names)
        for key in ("outputs", "answers")
    }
    return TaskResult("queue", samples, parts["outputs"], parts["answers"], scores)


def joined(*parts: TaskResult) -> TaskResult:
    names = ("samples", "outputs", "answers", "scores")
    return TaskResult("queue", *(tuple(x for part in parts for x in getattr(part, name)) for name in names))


def material(clean_of: str = "triage.queue") -> Material:
    whole = made.runs()[CANDIDATE]
    run, (clean,) = whole["triage"]
    hard = joined(copies(clean, "typos", True), copies(clean, "injection", False))
    of = {"queue": clean_of} if clean_of else {}
    changed = replace(run, id="hard", suite="hard", clean=of)
    gate = Gate("hard.accuracy", "margin", 0.1, "clean", Role.GATING, Place("release.yaml", 9))
    finding = Finding(Comparison(0.5, 0.93, -0.43, -0.5, -0.36, 0.95, 120, "paired clustered t, 60 groups"), -0.1)
    found = GateResult(gate, Verdict.FAIL, finding, "hard.accuracy fails.", "Worse than on the unchanged texts.")
    decision = made.decision(Verdict.FAIL, (found,))
    return made.material(runs={CANDIDATE: {**whole, "hard": (changed, (hard,))}}, decision=decision)


def table(found: Material) -> Table | None:
    suites = {suite.name: suite for suite in build_view(found).suites}
    tables = suites["hard"].tasks[0].tables
    return next((table for table in tables if table.caption.startswith("Perturbed against clean")), None)


def test_each_perturbation_stands_beside_the_clean_run_on_the_same_samples() -> None:
    found = material()
    shown = table(found)
    assert shown is not None
    ids = {sample.id for sample in found.candidate["triage"][1][0].samples[:60]}
    values = [s.value for s in found.candidate["triage"][1][0].scores if s.sample_id in ids and s.value is not None]
    clean = f"{100 * sum(values) / len(values):.1f}\u00a0%"
    rows = [[cell.text for cell in row] for row in shown.rows]
    assert [row[:4] for row in rows] == [
        ["typos", "60", "100.0\u00a0%", clean],
        ["injection", "60", "0.0\u00a0%", clean],
    ]
    assert rows[0][4].startswith("+")
    assert rows[1][4].startswith("\u2212")
    assert "triage.queue" in shown.note


def test_only_robustness_tasks_have_the_table() -> None:
    assert table(material(clean_of="")) is None


def test_a_clean_task_that_was_not_run_or_is_another_is_said() -> None:
    missing = table(material("triage.other"))
    assert missing is not None
    assert (missing.rows, missing.note) == ((), "The clean task triage.other was not run.")
    foreign = table(material("general.knowledge"))
    assert foreign is not None
    assert foreign.rows == ()
    assert foreign.note.startswith("Not made of general.knowledge: 120 samples are of no sample of it")


def test_a_gate_against_the_clean_run_is_rendered() -> None:
    found = material()
    view = build_view(found)
    assert view.comparisons == (), "clean is no baseline that was run"
    page = render(view)
    for text in ("at most 10\u00a0points below clean", "Perturbed against clean: accuracy", "injection"):
        assert text in page
