"""Calibration: gates that keep their word are cleared, gates that do not are found out."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from harness import catalog
from harness.cli.main import main
from harness.core.decisions import Finding
from harness.core.directions import Better
from harness.core.estimates import Comparison
from harness.core.events import Event
from harness.core.policies import Gate, Policy
from harness.core.suites import Prompt
from harness.gates.interface import Evidence
from harness.gates.margin import Margin
from harness.pipeline.calibrating.again import Past, blocks, with_itself
from harness.pipeline.calibrating.calibrate import Calibration, calibrate
from harness.pipeline.calibrating.error_rates import _AT_BOUND, ErrorRates, error_rates
from harness.pipeline.judging.evidence import Material
from harness.pipeline.validate import validate
from harness.stats.series import Settings
from tests.pipeline.hand_made import errors, gate, material, release, result, turned
from tests.pipeline.release_project import Project, rows, write_rows
from tests.tgi_stub import Stub

MARGIN = {"metric": "queue.accuracy", "against": "base", "margin": 0.1}


def silent(_: Event) -> None:
    return None


def two_models(n: int = 300, group: int = 0) -> Material:
    rng = np.random.default_rng(2)
    base = rng.random(n) < 0.85
    ours = np.where(rng.random(n) < 0.1, ~base, base)
    return material(result(ours.tolist(), group=group), result(base.tolist(), group=group))


def rates(*gates: Gate, found: Material | None = None, n: int = 400, **policy: object) -> list[ErrorRates]:
    declared = release(*gates)
    declared = replace(declared, policy=replace(declared.policy, resamples=499, **policy))  # type: ignore[arg-type]
    return error_rates(declared, found or two_models(), n, 1, silent)


GATES = (
    gate("s.accuracy", "margin", 0.05),
    gate("s.accuracy", "improves"),
    gate("s.accuracy", "at_least", 0.8),
    gate("s.accuracy", "no_critical_failures", 0.02),
    replace(gate("s.accuracy", "win_rate", 0.5), against="base"),
    gate("latency.p50", "at_most", 1.0),
    gate("errors.rate", "at_most", 0.02),
)


def test_every_rule_errs_no_more_than_it_may() -> None:
    for one in rates(*GATES):
        assert one.reason == ""
        assert one.false_pass is not None
        assert not one.above(), one
        assert one.n == 300
    assert (
        {one.gate.rule for one in rates(*GATES, n=100)}
        == set(_AT_BOUND)
        == set(catalog.names("gates")) - {"at_most_share"}
    )  # of costs only


def test_means_and_macro_f1_too() -> None:
    found = rates(
        gate("s.f1", "margin", 0.05), gate("s.macro_f1", "margin", 0.05), gate("s.macro_f1", "at_least", 0.8), n=150
    )
    assert [one.above() for one in found] == [False] * 3
    assert all(one.false_pass is not None for one in found)


def test_gates_on_an_error_rate_err_no_more_than_they_may() -> None:
    def models(*, lower: bool) -> Material:
        rng = np.random.default_rng(2)
        base = rng.random(300) < 0.85
        both = [result(one.tolist()) for one in (np.where(rng.random(300) < 0.1, ~base, base), base)]
        return turned(material(*map(errors, both))) if lower else material(*both)

    gates = gate("s.f1", "margin", 0.05), gate("s.f1", "improves")
    lower = [replace(one, better=Better.LOWER) for one in (*gates, gate("s.f1", "at_most", 0.2))]
    found = rates(*lower[:2], found=models(lower=True), n=150)
    mirrored = rates(*gates, found=models(lower=False), n=150)
    assert [one.false_pass for one in found] == [one.false_pass for one in mirrored]
    assert not rates(lower[2], found=models(lower=True), n=150)[0].above()


def test_a_margin_is_met_wrongly_in_about_alpha_of_the_releases_and_not_never() -> None:
    (one,) = rates(GATES[0], n=1_000)
    assert one.false_pass is not None
    assert 0.025 < one.false_pass < 0.065
    assert one.false_fail is not None
    assert 0.01 < one.false_fail < 0.065


def test_groups_are_told_and_allowed_for() -> None:
    (one,) = rates(GATES[0], found=two_models(400, group=8))
    assert (one.n, one.groups) == (400, 50)
    assert not one.above()


def looked_at(looks: int, alpha: float) -> ErrorRates:
    """The margin's rates where the samples come in parts."""
    declared = release(GATES[0])
    suite = declared.suites[0]
    task = replace(suite.tasks[0], prompt=Prompt("{{ text }}"))
    policy = replace(declared.policy, looks=looks, alpha=alpha)
    return error_rates(
        replace(declared, policy=policy, suites=(replace(suite, tasks=(task,)),)), two_models(), 1_000, 1, silent
    )[0]


def test_looking_again_errs_no_more_as_each_look_spends_a_part_of_alpha(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not looked_at(3, 0.05).above()
    assert not looked_at(0, 0.05).above()
    monkeypatch.setattr(
        "harness.pipeline.calibrating.error_rates._settings", lambda policy, _: Settings(0.05, 499, 1, 30)
    )
    assert looked_at(3, 0.05).above(1.2)


def test_what_cannot_be_simulated_says_why() -> None:
    nothing = material(result([False] * 200), result([False] * 200))
    (one,) = rates(gate("s.accuracy", "margin", 0.1), found=nothing)
    assert one.false_pass is None
    assert one.reason == "the stored scores can't be brought to its bound"
    (lost,) = rates(gate("s.accuracy", "margin", 0.1), found=material(result([True] * 200, lost=20)))
    assert "were not evaluated" in lost.reason


def by_a_normal_interval(self: Margin, evidence: Evidence, settings: Settings) -> Finding:
    """No regression is significant, so there is none."""
    change = evidence.candidate.values - evidence.pair.baseline.values
    high = change.mean() + 1.96 * change.std(ddof=1) / np.sqrt(len(change))
    found = Comparison(0, 0, float(change.mean()), 0, float(high), 0.95, len(change), "normal")
    return Finding(found, -self.threshold, passes=bool(high >= 0), p_fail=0.0 if high < 0 else 1.0)


def test_a_rule_that_reads_no_significance_as_no_loss_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Margin, "find", by_a_normal_interval)
    (one,) = rates(GATES[0], n=100)
    assert one.above(1.2)
    assert one.false_pass is not None
    assert one.false_pass > 0.1


def test_the_same_seed_gives_the_same_rates() -> None:
    assert rates(*GATES, n=100) == rates(*GATES, n=100)


def test_no_gate_fails_a_model_beside_itself() -> None:
    declared = release(*GATES)
    found = with_itself(declared, two_models(), 1)
    assert [(one.model, one.gate.rule) for one in found] == [
        (model, rule) for model in ("candidate", "base") for rule in ("margin", "improves", "win_rate")
    ]
    assert {one.verdict for one in found if one.gate.rule == "margin"} == {"PASS"}
    assert {one.verdict for one in found if one.gate.rule != "margin"} == {"INCONCLUSIVE"}


def test_a_gate_is_counted_for_each_candidate_that_it_blocks() -> None:
    one, other = GATES[:2]
    past = [Past("d", "", "a", "PASS", "FAIL", blocked) for blocked in ((one,), (one, other), ())]  # type: ignore
    assert blocks(past) == {one: 2, other: 1}


@pytest.fixture
def judged(project: Project) -> Project:
    write_rows(project.root / "data/test.jsonl", rows(120))
    project.release["gates"].append(dict(MARGIN))
    project.write()
    assert project.gate() == 0
    return project


def calibrated(project: Project) -> Calibration:
    project.write()
    return calibrate(validate(project.file), 100, 1, silent)


def test_the_command_asks_nobody_and_writes_nothing(
    judged: Project, stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, kept = len(stub.asked), {path: path.read_bytes() for path in judged.state.state.rglob("*.json*")}
    capsys.readouterr()
    words = ("-q", "--simulations", "100")
    assert judged.call("calibrate", *words) == 0
    text = capsys.readouterr().out
    assert "each run beside itself: 4 comparisons" in text
    assert "two runs of one model: nothing to compare" in text
    assert "queue.accuracy:margin:base    120 samples: passes" in text
    assert "would have blocked 0 of 1 candidates judged before" in text
    assert judged.call("calibrate", *words, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["decision"] == judged.record["id"]
    assert [one["gate"] for one in found["rates"]] == [
        "queue.accuracy:at_least", "queue.accuracy:improves:base", "queue.accuracy:margin:base"
    ]  # fmt: skip
    assert found["problems"] == []
    assert len(stub.asked) == asked
    assert {path: path.read_bytes() for path in judged.state.state.rglob("*.json*")} == kept


def test_a_gate_that_fails_a_model_beside_itself_is_a_problem(
    judged: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = Margin.find
    monkeypatch.setattr(
        Margin,
        "find",
        lambda self, evidence, settings: replace(honest(self, evidence, settings), passes=False, p_fail=0.0),
    )
    assert main(["calibrate", "-f", str(judged.file), "-q", "--simulations", "100"]) == 1
    text = capsys.readouterr().out
    assert "queue.accuracy margin FAILs on the candidate's run beside itself." in text
    assert "queue.accuracy:margin:base errs more often than in 6 % of the releases at its bound." in text


def test_two_real_runs_of_one_model(judged: Project, stub: Stub) -> None:
    """The seed makes another run of it; where its answers are much worse then, the gate says so both ways at once."""
    judged.release["seed"] = 7
    judged.write()
    assert judged.call("gate", "-q", "--no-report", "--no-cache") == 0
    same = calibrated(judged).second_runs
    assert {one.verdict for one in same if one.gate.rule == "margin"} == {"PASS"}
    assert len(same) == 8
    stub.answer = lambda text, adapter: "other"
    judged.release["seed"] = 8
    judged.write()
    assert judged.call("gate", "-q", "--no-report", "--no-cache") == 1
    found = calibrated(judged)
    assert {one.verdict for one in found.second_runs if "candidate" in one.model} >= {"FAIL"}
    assert any("comparisons of two runs of one model FAIL (queue.accuracy" in one for one in found.problems)


def test_todays_threshold_on_earlier_candidates(judged: Project, stub: Stub) -> None:
    stub.answer = lambda text, adapter: (
        "billing" if text.endswith("0 about billing") else text.rsplit(" ", 1)[-1] if adapter else "other"
    )
    judged.release["gates"] = [{"metric": "queue.accuracy", "at_least": 0.8}]
    judged.write()
    assert judged.gate() == 0
    assert [(one.then, one.now) for one in calibrated(judged).past] == [("PASS", "PASS")]
    first = calibrated(judged).past[0].candidate
    judged.weights.write_bytes(judged.weights.read_bytes() + b"!")
    stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1] if "1" in text and adapter else "other"
    assert judged.gate() == 1
    judged.release["gates"] = [{"metric": "queue.accuracy", "at_least": 0.2}]
    judged.release["policy"]["max_attempts"] = 1
    past = calibrated(judged).past
    assert [(one.then, one.now) for one in past] == [("PASS", "PASS"), ("FAIL", "PASS")]
    assert past[0].candidate == first
    judged.release["gates"] = [{"metric": "queue.accuracy", "at_least": 0.99}]
    past = calibrated(judged).past
    assert [(one.then, one.now) for one in past] == [("PASS", "INCONCLUSIVE"), ("FAIL", "FAIL")]
    assert [gate.rule for one in past for gate in one.blocked_by] == ["at_least"] * 2


def test_candidates_of_other_suites_are_not_judged_again(judged: Project) -> None:
    write_rows(judged.root / "data/test.jsonl", rows(90))
    assert judged.gate() in (0, 3)
    past = calibrated(judged).past
    assert [(one.now is None, one.reason) for one in past] == [(True, "it was judged on other suites"), (False, "")]


def test_without_runs_it_says_so(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert project.call("calibrate", "-q") == 2
    assert "nothing was run yet: run `harness run` first" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--simulations", "5"], ["--seed", "x"]])
def test_options_that_make_no_sense(project: Project, words: list[str]) -> None:
    assert project.call("calibrate", *words) == 2


def test_a_rate_is_above_where_chance_is_no_excuse() -> None:
    policy = Policy(())
    one = ErrorRates(GATES[0], 100, None, 1_000, policy.alpha, 0.06, 0.0)
    assert not one.above()
    assert replace(one, false_pass=0.07).above()
    assert replace(one, false_fail=0.07).above()
    assert not replace(one, false_pass=0.07).above(1.2)
    assert replace(one, false_pass=0.08).above(1.2)
    assert replace(one, simulations=100_000, false_pass=0.053).above()
