"""How gated metrics went from decision to decision: the candidate's own values, the worst verdict, no counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from harness.core.decisions import Decision
from harness.core.estimates import Comparison, Estimate
from harness.core.verdicts import Role
from harness.core.versions import Move, Registry, Version
from harness.pipeline.reporting.history import NEWEST, history
from harness.report.record import to_json
from harness.store.database import opened
from harness.store.writer import add_decision
from tests.pipeline.hand_made import decide, gate, material, result, some

ABSOLUTE, AGAINST = gate("s.accuracy", "at_least", 0.5), gate("s.accuracy", "improves", role=Role.ADVISORY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(tmp_path / "store.duckdb") as connection:
        yield connection


def decision(right: int = 150, day: int = 22, **changes: object) -> Decision:
    found = decide(material(result(some(right, 200)), result(some(150, 200))), ABSOLUTE, AGAINST)
    return replace(found, decided=f"2026-11-{day:02}T08:00:00+00:00", **changes)  # type: ignore[arg-type]


def test_decisions_come_oldest_first_with_what_they_said(store: duckdb.DuckDBPyConnection) -> None:
    first, second = decision(120, 20), decision(160, 21)
    for one in (second, first):
        add_decision(store, to_json(one))
    found = history(store, second, Registry())
    assert [one.id for one in found] == [first.id, second.id]
    assert [one.verdict for one in found] == [str(first.verdict), str(second.verdict)]
    assert [one.points["s.accuracy"].value for one in found] == [0.6, 0.8]
    assert (found[0].adapter, found[0].reason, found[0].version) == ("a", first.reason, None)


def test_limits_are_the_estimates_and_the_verdict_the_worst(store: duckdb.DuckDBPyConnection) -> None:
    one = decision(150)
    absolute, against = (result.finding.evidence for result in one.results)
    assert isinstance(absolute, Estimate)
    assert isinstance(against, Comparison)
    assert [str(result.verdict) for result in one.results] == ["PASS", "INCONCLUSIVE"]
    (past,) = history(store, one, Registry())
    point = past.points["s.accuracy"]
    assert (point.value, point.low, point.high) == (absolute.value, absolute.low, absolute.high)
    assert point.verdict == "INCONCLUSIVE"


def test_of_a_comparison_alone_the_candidates_value_without_limits(store: duckdb.DuckDBPyConnection) -> None:
    one = decide(material(result(some(180, 200)), result(some(150, 200))), gate("s.accuracy", "margin", 0.1))
    point = history(store, one, Registry())[0].points["s.accuracy"]
    assert (point.value, point.low, point.high, point.verdict) == (0.9, None, None, "PASS")


def test_failures_and_errors_are_no_points_of_the_metric(store: duckdb.DuckDBPyConnection) -> None:
    critical = gate("s.accuracy", "no_critical_failures", 0.03)
    unknown = gate("s.f1", "at_least", 0.5)
    nothing = material(result([]))
    assert history(store, decide(material(result(some(200, 200))), critical), Registry())[0].points == {}
    assert history(store, decide(nothing, unknown), Registry())[0].points == {}


def test_the_newest_version_of_a_decision_is_told(store: duckdb.DuckDBPyConnection) -> None:
    one, other = decision(150, 20), decision(160, 21)
    for each in (one, other):
        add_decision(store, to_json(each))
    versions = tuple(Version(number, "shop", "a", "b", one.id, "2026-11-23") for number in (1, 2))
    moves = (Move(1, "shop", 1, "staging", "promote", one.id, "now"), Move(2, "shop", 2, "production", "promote",
                                                                           one.id, "now"))  # fmt: skip
    found = history(store, other, Registry(versions, moves))
    assert [(past.version, past.stage) for past in found] == [(2, "production"), (None, None)]


def test_other_releases_have_a_history_of_their_own(store: duckdb.DuckDBPyConnection) -> None:
    add_decision(store, to_json(replace(decision(), id="0" * 64, release="elsewhere")))
    one = decision()
    assert [past.id for past in history(store, one, Registry())] == [one.id]


def test_of_many_the_newest_and_always_the_one_that_is_told(store: duckdb.DuckDBPyConnection) -> None:
    known = [replace(decision(), id=f"{i:064}", decided=f"2026-01-01T00:{i:02}:00+00:00") for i in range(55)]
    for one in known:
        add_decision(store, to_json(one))
    assert [past.id for past in history(store, known[-1], Registry())] == [one.id for one in known[-NEWEST:]]
    assert [past.id for past in history(store, known[0], Registry())][:2] == [known[0].id, known[-NEWEST].id]
