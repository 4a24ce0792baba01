"""A release with gates on costs from end to end: asked for, judged, verified, told, and told apart at another price."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.pipeline.decisions import find_decision
from harness.pipeline.reporting.costs import judged_cost
from harness.pipeline.reporting.gather import gather
from harness.pipeline.validate import validate
from harness.pipeline.verifying.verify import verify
from harness.pipeline.workspace import Workspace
from harness.report.client.view import build_client
from harness.report.client.wording import load_wording
from harness.report.index.view import build_index
from harness.report.internal.view import build_internal
from harness.report.material import Material
from harness.report.words import SPACE
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running

GATES = [
    {"metric": "cost.request", "at_most": 0.01},
    {"metric": "cost.request", "against": "base", "at_most_share": 0.5},
]
PRICES = {
    "models": {"candidate": {"per_hour": 0.5}, "base": {"per_million_tokens": {"prompt": 5000.0, "generated": 9000.0}}},
    "frontier": "base",
}


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Stub()) as stub:
        project = make_project(tmp_path_factory.mktemp("priced"), stub.url, samples=120)
        project.release |= {"gates": [*project.release["gates"][:1], *GATES], "prices": PRICES}
        project.release["measure"] = {"concurrency": 2, "requests": 120, "warm_up": 2, "baseline": "base"}
        project.write()
        assert project.gate() == 0
        yield project


@pytest.fixture
def decided(gated: Project, tmp_path: Path) -> Project:
    return gated.copied(tmp_path)


def gathered(project: Project) -> Material:
    release = validate(project.file)
    return gather(release, find_decision(release, Workspace(release.root), None), None)


def test_the_decision_holds_costs_and_comes_out_again(decided: Project) -> None:
    results = {one["gate"]["rule"]: one for one in decided.record["results"]}
    assert results["at_most"]["gate"]["unit"] == "EUR"
    assert re.match(r"cost.request: 0\.\d+ EUR on 120 samples", results["at_most"]["sentence"])
    assert "share" in results["at_most_share"]["sentence"]
    assert decided.record["digests"]["prices"]
    found = verify(decided.state.reports("r") / "decision.json", decided.file)
    cost = judged_cost(found)
    assert cost is not None
    assert cost.per_request == results["at_most"]["finding"]["evidence"]["value"]
    assert cost.currency == "EUR"


def test_the_pace_and_the_gate_tell_one_cost(decided: Project) -> None:
    found = gathered(decided)
    ours, pace = found.costs[0], found.speed[0].requests_per_second
    assert pace is not None
    assert ours.per_request == pytest.approx(0.5 / 3600 / pace)
    [point] = [one.points["cost.request"] for one in found.history]
    assert point.value == pytest.approx(ours.per_request)
    assert (point.unit, found.history[0].cost is not None) == ("EUR", True)


def test_another_price_is_another_decision_and_the_old_one_stays(decided: Project) -> None:
    first = decided.record
    # Dear whatever the pace of this machine: a microsecond costs more than the gate allows.
    decided.release["prices"]["models"]["candidate"]["per_hour"] = 50_000_000.0
    decided.write()
    assert decided.gate() == 1  # FAIL: nothing was asked again, and the price alone turned it
    second = decided.record
    assert (first["verdict"], second["verdict"]) == ("PASS", "FAIL")
    assert first["runs"] == second["runs"]
    for name in ("release", "prices"):
        assert first["digests"][name] != second["digests"][name]


def test_every_edition_tells_it(decided: Project) -> None:
    found = gathered(decided)
    inside, outside = build_internal(found), build_client(found, load_wording(None))
    assert "is not known: the adapter was given" in inside.break_even
    assert inside.costs is not None
    gate = next(one for one in inside.gates.gates if "cost.request" in one.name)
    assert gate.value.endswith(f"{SPACE}EUR")
    texts = repr(outside)
    assert "the cost of an answered request" in texts
    assert "compared with" in texts
    index = build_index(found.decision, found.history, {}, 1)
    assert "1,000 requests" in [one.text for one in index.decisions.head]
    assert any("EUR" in one.text for row in index.decisions.rows for one in row)
