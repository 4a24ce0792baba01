"""What CI shows: every gate, and never all green where the release is held."""

from __future__ import annotations

from itertools import product

import pytest

from harness.core.verdicts import Role, Verdict, release_verdict
from harness.report.ci.cases import Effect, cases, worst_first
from tests.report import made_for_ci as made


def test_each_verdict_and_role_has_its_effect() -> None:
    effects = [case.effect for case in cases(made.decision(), made.FILE)]
    assert effects == [Effect.PASS, Effect.SHOWN, Effect.WAIVED, Effect.SHOWN, Effect.INCONCLUSIVE, Effect.OUTSIDE,
                       Effect.ERROR, Effect.FAIL]  # fmt: skip


def test_places_are_relative_to_the_repository() -> None:
    assert {(case.file, case.line) for case in cases(made.decision(), made.FILE)} == {
        ("models/desk/release.yaml", line) for line in range(11, 19)
    }
    assert [(c.file, c.line) for c in cases(made.broken(), made.FILE)] == [
        ("models/desk/release.yaml", 16), ("models/desk/suites/triage.yaml", 4),
    ]  # fmt: skip
    assert cases(made.lost(), "release.yaml")[0].file == "release.yaml"


@pytest.mark.parametrize("waived", [False, True])
def test_something_blocks_exactly_where_the_release_does_not_pass(waived: bool) -> None:
    for (one, other), roles in product(product(Verdict, Verdict), product(Role, Role)):
        counted = [(roles[0], one)] + [(roles[1], other)] * (not waived)
        second = made.result("b.x", other, str(roles[1]), 2, waived=waived and other is not Verdict.PASS)
        results = (made.result("a.x", one, str(roles[0]), 1), second)
        verdict = release_verdict(counted, [roles[1]] if waived else [])
        found = cases(made.decision(results=results, verdict=verdict), made.FILE)
        assert any(case.effect.blocks for case in found) == (verdict is not Verdict.PASS), (one, other, roles)


def test_no_gates_are_one_case_that_blocks() -> None:
    only = cases(made.decision(results=(), verdict=Verdict.ERROR), made.FILE)
    assert [(case.name, case.effect) for case in only] == [("release", Effect.ERROR)]


def test_two_gates_of_one_name_are_told_apart() -> None:
    twice = made.decision(results=made.results() + made.results()[-1:] * 2)
    names = [case.name for case in cases(twice, made.FILE)]
    assert len(set(names)) == len(names) == 10
    assert "bias.accuracy:at_least (2)" in names


def test_the_worst_comes_first_and_a_waiver_is_named() -> None:
    found = worst_first(cases(made.decision(), made.FILE))
    assert [case.word for case in found] == ["FAIL", "ERROR", "ERROR", "INCONCLUSIVE", "FAIL (waived)", "FAIL",
                                             "INCONCLUSIVE", "PASS"]  # fmt: skip
    assert found[4].message.startswith("FAIL, waived by ada@example.com until 2026-12-31: known gap")
    assert found[5].message.startswith("FAIL of a gate that is advisory only.")
