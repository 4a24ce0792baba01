"""Gates on what requests cost, in release.yaml: what can be meant, what needs a price, and what stands in digests."""

from __future__ import annotations

import pytest

from harness.config.load import load_release
from harness.core.policies import Gate
from harness.core.releases import Release
from tests.projects import Project

FILE = "release.yaml"
FIRST = "  - {metric: triage.accuracy, at_least: 0.6}"
PRICES = """\
prices:
  currency: USD
  models:
    candidate: {per_hour: 2.5}
    base: {per_million_tokens: {prompt: 0.15, generated: 0.6}}
"""


def loaded(desk: Project, gate: str, prices: str = PRICES) -> Release:
    if gate:
        desk.swap(FILE, FIRST, f"{FIRST}\n  - {{{gate}}}")
    desk.write(FILE, desk.read(FILE) + prices)
    release, problems = load_release(desk.root / FILE)
    assert problems == []
    assert release is not None
    return release


def made(desk: Project, gate: str) -> Gate:
    return next(one for one in loaded(desk, gate).policy.gates if one.metric == "cost.request")


def told(desk: Project, gate: str, prices: str = PRICES) -> list[str]:
    desk.swap(FILE, FIRST, f"{FIRST}\n  - {{{gate}}}")
    desk.write(FILE, desk.read(FILE) + prices)
    return desk.problems()


@pytest.mark.parametrize(
    ("gate", "name", "threshold", "unit"),
    [
        ("metric: cost.request, at_most: 0.01", "cost.request:at_most", 0.01, "USD"),
        ("metric: cost.request, at_most: 2", "cost.request:at_most", 2.0, "USD"),
        (
            "metric: cost.request, against: base, at_most_share: 0.5",
            "cost.request:at_most_share:base", 0.5, "",
        ),
        ("metric: cost.request, against: base, improves: true", "cost.request:at_most_share:base", 1.0, ""),
        ("metric: cost.request, against: base, at_most_share: 1.05", "cost.request:at_most_share:base", 1.05, ""),
    ],
)  # fmt: skip
def test_a_budget_is_an_amount_and_a_comparison_a_share(
    desk: Project, gate: str, name: str, threshold: float, unit: str
) -> None:
    found = made(desk, gate)
    assert (found.id, found.threshold, found.unit) == (name, threshold, unit)


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("metric: cost.request, at_least: 0.5", "takes 'at_most', and against a baseline 'at_most_share' or"),
        ("metric: cost.request, against: base, margin: 0.1", "takes 'at_most', and against a baseline"),
        ("metric: cost.request, against: clean, improves: true", "takes 'at_most', and against a baseline"),
        ("metric: cost.request, against: base, at_most: 0.1", "drop 'against', or use at_most_share or improves."),
        ("metric: cost.request, at_most_share: 0.5", "'at_most_share' compares, so it needs 'against: <baseline>'."),
        ("metric: cost.request, at_most: 5s", "cost.request is not a time; write the threshold as a plain number."),
        ("metric: cost.request, at_most: 0", "the threshold 0 can't be reached or missed"),
        ("metric: cost.request, against: base, at_most_share: 0", "'at_most_share' (0) should be greater than 0"),
        ("metric: cost.token, at_most: 0.5", "no cost has the name 'cost.token'."),
        ("metric: triage.accuracy, against: base, at_most_share: 0.5", "'at_most_share' is for cost.request only."),
        ("metric: latency.p95, against: base, at_most_share: 0.5", "latency.p95 takes 'at_most' only."),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told(desk: Project, gate: str, said: str) -> None:
    found = told(desk, gate)
    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (PRICES, "", "cost.request needs a price above 0 for 'candidate'."),
        ("candidate: {per_hour: 2.5}", "{}", "cost.request needs a price above 0 for 'candidate'."),
        ("per_hour: 2.5", "per_hour: 0", "cost.request needs a price above 0 for 'candidate'."),
        ("    base:", "    #base:", "cost.request needs a price above 0 for 'base'."),
        ("prompt: 0.15, generated: 0.6", "prompt: 0, generated: 0", "cost.request needs a price above 0 for 'base'."),
    ],
)
def test_a_gate_without_a_price_is_no_gate(desk: Project, old: str, new: str, said: str) -> None:
    text = PRICES.replace(old, new) if new != "{}" else PRICES.replace(f"    {old}\n", "")
    found = told(desk, "metric: cost.request, against: base, at_most_share: 0.5", text)
    assert any(said in one for one in found), found


def test_hours_of_a_model_that_is_not_measured_cannot_be_shared(desk: Project) -> None:
    desk.write(FILE, desk.read(FILE).replace("baselines:", "baselines:\n  other: {few_shot: 0}", 1))
    text = PRICES.replace("    base:", "    other: {per_hour: 3}\n    base:") + "measure: {baseline: base}\n"
    found = told(desk, "metric: cost.request, against: other, improves: true", text)
    assert any("'other' has a price per hour, but its pace is not measured." in one for one in found), found


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  frontier: bse\n", "there is no baseline 'bse'."),
        ("  fixed_per_month: 100\n", "'fixed_per_month' is shared among the requests of a month"),
        ("  frontier: candidate\n", "there is no baseline 'candidate'."),
    ],
)
def test_a_break_even_that_cannot_be_worked_out_is_told(desk: Project, line: str, said: str) -> None:
    desk.write(FILE, desk.read(FILE) + PRICES + line)
    assert any(said in one for one in desk.problems()), desk.problems()


def test_a_frontier_needs_a_price(desk: Project) -> None:
    desk.write(FILE, desk.read(FILE) + PRICES.split("    base")[0] + "  frontier: base\n")
    assert any("the break-even needs a price of 'base' in prices.models." in one for one in desk.problems())


def digest_with(desk: Project, prices: str, gate: str = "") -> str:
    before = desk.read(FILE)
    found = loaded(desk, gate, prices).digest
    desk.write(FILE, before)
    return found


def test_a_changed_price_is_another_release_where_a_gate_is_on_it(desk: Project) -> None:
    gate, dearer = "metric: cost.request, at_most: 0.01", PRICES.replace("2.5", "2.6")
    assert digest_with(desk, PRICES) == digest_with(desk, "") == digest_with(desk, dearer)
    assert digest_with(desk, PRICES, gate) != digest_with(desk, dearer, gate)
    traffic = PRICES + "  requests_per_month: 5000\n  frontier: base\n"
    assert digest_with(desk, PRICES, gate) == digest_with(desk, traffic, gate)


def test_a_budget_can_be_waived_by_an_amount(desk: Project) -> None:
    waiver = "gate: 'cost.request:at_most', owner: Ana, reason: dear, largest_drop: 2.5, expires: '2026-12-31'"
    desk.write("waivers.yaml", f"waivers: [{{{waiver}}}]")
    assert loaded(desk, "metric: cost.request, at_most: 0.01").waivers[0].largest_drop == 2.5


def test_a_gate_on_costs_asks_for_the_measured_phase(desk: Project) -> None:
    assert loaded(desk, "metric: cost.request, at_most: 0.01").measure is not None
