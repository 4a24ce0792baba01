"""Whether a gate can pass with the samples at hand, told before anything is run, and from planning values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import catalog
from harness.core.releases import Release
from harness.gates.interface import Evidence
from harness.pipeline.planning.prospects import Planning, Prospect, prospects
from harness.pipeline.validate import validate, warnings
from harness.stats.series import Series, Settings
from tests.pipeline.release_project import LABELS, make_project, rows, write_rows
from tests.projects import Project as Desk

ACCURACY = {"metric": "queue.accuracy"}
AGAINST = {**ACCURACY, "against": "base"}


def release(
    root: Path, gates: list[dict[str, Any]], samples: int = 120, given: list[dict[str, str]] | None = None, **task: Any
) -> Release:
    """A release with these gates on a classification; its server is never asked."""
    project = make_project(root, "http://127.0.0.1:9", samples)
    if given is not None:
        write_rows(root / "data/test.jsonl", given)
        examples = [{**given[i], **row} for i, row in enumerate(rows(9, "example"))]
        write_rows(root / "data/examples.jsonl", examples)
    project.release["gates"] = gates
    project.suite["tasks"]["sort"] |= task
    project.write()
    return validate(project.file)


def prospect(root: Path, gate: dict[str, Any], planning: Planning | None = None, **more: Any) -> Prospect:
    """That of one gate."""
    one = release(root, [gate], **more)
    return next(found for found in prospects(one, planning) if found.gate == one.policy.gates[0])


def test_a_rate_that_the_samples_cannot_show_is_told_as_such(tmp_path: Path) -> None:
    found = prospect(tmp_path, {**ACCURACY, "at_least": 0.99})
    assert (found.samples, found.least, found.can_pass, found.chance) == (120, 299, False, None)
    assert found.obstacle == ("at_least 0.99 on queue.accuracy needs 299 samples without one failure; you have 120.")


@pytest.mark.parametrize(
    ("gate", "least"),
    [
        ({**ACCURACY, "at_least": 0.99}, 299),
        ({**ACCURACY, "no_critical_failures": True}, 99),
        ({**ACCURACY, "no_critical_failures": 0.01}, 299),
        ({**AGAINST, "margin": 0.02}, 133),
        ({**AGAINST, "margin": 0.05}, 52),
        ({**AGAINST, "improves": True}, 30),
        ({**AGAINST, "win_rate": 0.6}, 30),
    ],
)
@pytest.mark.parametrize("short", [1, 0])
def test_one_sample_decides_whether_a_gate_can_pass(
    tmp_path: Path, gate: dict[str, Any], least: int, short: int
) -> None:
    found = prospect(tmp_path, gate, samples=least - short)
    assert (found.samples, found.least) == (least - short, least)
    assert found.can_pass is (short == 0)
    assert bool(found.obstacle) is (short == 1)


def test_a_margin_may_still_be_met_by_a_better_model(tmp_path: Path) -> None:
    found = prospect(tmp_path, {**AGAINST, "margin": 0.01})
    assert found.obstacle.endswith(
        "needs 268 pairs on which both models agree; you have 120, so only a better model could pass."
    )
    few = prospect(tmp_path, {**AGAINST, "margin": 0.01}, samples=29)
    assert few.obstacle.endswith("you have 29.")


@pytest.mark.parametrize(
    ("gate", "planning", "wanted", "chance"),
    [
        ({**AGAINST, "margin": 0.05}, Planning(), 297, None),
        ({**AGAINST, "margin": 0.05}, Planning(discordance=0.06, power=0.9), 206, None),
        ({**ACCURACY, "at_least": 0.6}, Planning(expect={"": 0.7}), 143, 0.8),
        ({**ACCURACY, "at_least": 0.6}, Planning(expect={"queue.accuracy": 0.7, "": 0.1}), 143, 0.8),
        ({**AGAINST, "win_rate": 0.6}, Planning(expect={"": 0.7}), 143, 0.8),
        ({**ACCURACY, "at_least": 0.6}, Planning(), None, None),
        ({**ACCURACY, "no_critical_failures": True}, Planning(expect={"queue.accuracy": 0.001}), 99, 0.999**143),
    ],
)
def test_the_samples_for_a_power_come_from_planning_values(
    tmp_path: Path, gate: dict[str, Any], planning: Planning, wanted: int | None, chance: float | None
) -> None:
    found = prospect(tmp_path, gate, planning, samples=143)
    assert found.wanted == (None if wanted is None else pytest.approx(wanted, abs=1))
    if chance is not None:
        assert found.chance == pytest.approx(chance, abs=0.01)


@pytest.mark.parametrize("gate", [{"margin": 0.1}, {"improves": True}, {"win_rate": 0.4}])
@pytest.mark.parametrize("repeats", [1, 2])
def test_a_gate_calls_no_number_too_few_that_was_planned(tmp_path: Path, gate: dict[str, Any], repeats: int) -> None:
    """Where half of the samples are ties, and where none is."""
    found = prospect(tmp_path, {**AGAINST, **gate}, repeats=repeats)
    rule = catalog.build("gates", found.gate.rule, {"threshold": found.gate.threshold})
    assert found.least is not None
    for ties in (0, found.least // 2):
        ours = np.concatenate([np.full(ties, 0.0), np.ones(found.least - ties)])
        sides = [Series("mean" if repeats > 1 else "rate", values, repeats=repeats) for values in (ours, 0 * ours)]
        reason = rule.find(Evidence(*sides), Settings(0.05, 999, 7, 30)).reason
        assert "too few" not in (reason or "")


def test_what_is_detectable_is_told_without_a_planned_rate(tmp_path: Path) -> None:
    found = prospect(tmp_path, {**ACCURACY, "at_least": 0.6}, samples=143)
    assert found.detectable == pytest.approx(0.7, abs=0.001)


def with_policy(root: Path, **policy: Any) -> Prospect:
    """The margin of five points on 60 pairs, under another policy."""
    one = release(root, [{**AGAINST, "margin": 0.05}], samples=60)
    return prospects(replace(one, policy=replace(one.policy, **policy)))[0]


def test_looks_and_bounds_at_any_time_cost_samples(tmp_path: Path) -> None:
    at_once, last_of_three, anytime = (with_policy(tmp_path, looks=looks) for looks in (1, 3, 0))
    assert (at_once.least, at_once.can_pass) == (52, True)
    assert last_of_three.least is not None
    assert anytime.least is not None
    assert 52 < last_of_three.least < anytime.least
    assert last_of_three.wanted is not None
    assert at_once.wanted is not None
    assert last_of_three.wanted > at_once.wanted
    assert anytime.can_pass is False
    assert anytime.wanted is None


@pytest.mark.parametrize(("samples", "can_pass"), [(120, True), (60, False)])
def test_the_f1_of_a_class_needs_samples_of_that_class(tmp_path: Path, samples: int, can_pass: bool) -> None:
    gate = {"metric": "queue.macro_f1", "class": "other", "at_least": 0.5}
    found = prospect(tmp_path, gate, samples=samples)
    assert (found.samples, found.can_pass) == (samples, can_pass)


def grouped(count: int, groups: int) -> list[dict[str, str]]:
    return [{**row, "customer": f"c{i % groups}"} for i, row in enumerate(rows(count))]


def test_too_few_groups_are_told(tmp_path: Path) -> None:
    found = prospect(tmp_path, {**ACCURACY, "at_least": 0.5}, given=grouped(300, 10), group="customer")
    assert found.can_pass is False
    assert "the samples come from only 10 groups; at least 20 are needed" in found.obstacle


def test_samples_in_groups_count_for_less(tmp_path: Path) -> None:
    gate = {**ACCURACY, "at_least": 0.98}
    alone = prospect(tmp_path, gate, samples=300)
    together = prospect(tmp_path, gate, given=grouped(300, 60), group="customer")
    assert alone.can_pass is True
    assert together.least is not None
    assert together.least > 300
    assert together.can_pass is False
    assert together.wanted is None  # the planning formulas are for samples that stand alone


def test_groups_without_a_failure_are_counted_as_groups(tmp_path: Path) -> None:
    gate = {**ACCURACY, "no_critical_failures": True}
    found = prospect(tmp_path, gate, given=grouped(300, 60), group="customer")
    assert (found.can_pass, found.least) == (False, 98 * 5 + 1)
    assert prospect(tmp_path, gate, given=grouped(300, 100), group="customer").can_pass is True


def test_repeats_are_no_samples(tmp_path: Path) -> None:
    found = prospect(tmp_path, {"metric": "queue.macro_f1", "at_least": 0.5}, samples=150, repeats=2)
    assert (found.samples, found.least, found.can_pass) == (150, 200, False)


def test_the_rarest_class_is_told(tmp_path: Path) -> None:
    given = [{**row, "label": LABELS[0] if i >= 12 else LABELS[i % 3]} for i, row in enumerate(rows(240))]
    found = prospect(tmp_path, {"metric": "queue.macro_f1", "at_least": 0.5}, given=given)
    assert found.can_pass is False
    assert "the rarest class has 4 samples; at least 20 are needed" in found.obstacle
    evenly = prospect(tmp_path, {"metric": "queue.macro_f1", "at_least": 0.5}, samples=240)
    assert evenly.can_pass is True


@pytest.mark.parametrize(("gate", "samples"), [({"class": "other"}, 40), ({"slice": {"language": "de"}}, 12)])
def test_only_the_samples_of_the_part_count(tmp_path: Path, gate: Mapping[str, Any], samples: int) -> None:
    given = [{**row, "language": "de" if i < 12 else "en"} for i, row in enumerate(rows(120))]
    found = prospect(tmp_path, {**ACCURACY, "at_least": 0.9, **gate}, given=given, slices=["language"])
    assert found.samples == samples
    assert found.can_pass is (samples >= 30)


def test_a_quantile_needs_its_requests(tmp_path: Path) -> None:
    found = prospect(tmp_path, {"metric": "latency.p99", "at_most": 5.0})
    assert (found.samples, found.least, found.can_pass) == (80, 299, False)
    assert prospect(tmp_path, {"metric": "latency.p95", "at_most": 5.0}).can_pass is True


def test_samples_of_lm_eval_are_not_known_before_they_were_asked(desk: Desk) -> None:
    desk.swap("release.yaml", "triage.accuracy, at_least", "desk.knowledge.accuracy, at_least")
    one = validate(desk.root / "release.yaml")
    found = {each.gate.metric: each for each in prospects(one)}["desk.knowledge.accuracy"]
    assert (found.samples, found.can_pass, found.least) == (None, None, 30)
    found = {each.gate.metric: each for each in prospects(one, known={("desk", "knowledge"): 12})}[
        "desk.knowledge.accuracy"
    ]
    assert (found.samples, found.can_pass) == (12, False)


def test_those_that_cannot_pass_come_first_and_those_that_block_are_warned_of(tmp_path: Path) -> None:
    one = release(
        tmp_path,
        [
            {**ACCURACY, "at_least": 0.9},
            {**ACCURACY, "class": "billing", "at_least": 0.99, "role": "advisory"},
            {**AGAINST, "margin": 0.01, "role": "guardrail"},
        ],
    )
    assert [each.can_pass for each in prospects(one)] == [False, False, True]
    line = one.policy.gates[2].place.line
    told = warnings(one)
    assert len(told) == 1
    assert told[0].startswith(f"release.yaml:{line}: warning: margin 0.01 on queue.accuracy needs 268 pairs")
