"""The rules on wins, on critical failures and on parts, judged on stored runs as a release is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.places import Place
from harness.core.policies import Gate, Subset
from harness.core.verdicts import Role, Verdict
from tests.pipeline.hand_made import EVERY_RULE, decide, gate, material, result, some

FLAWLESS = gate("s.accuracy", "no_critical_failures", 0.03)
WINS = Gate("s.accuracy", "win_rate", 0.6, "base", Role.GATING, Place("release.yaml", 9))


@pytest.mark.parametrize(
    ("right", "n", "lost", "verdict"),
    [
        (120, 120, 0, Verdict.PASS),
        (98, 98, 0, Verdict.INCONCLUSIVE),
        (119, 120, 0, Verdict.FAIL),
        (120, 120, 1, Verdict.INCONCLUSIVE),
        (118, 120, 1, Verdict.FAIL),
        (120, 120, 2, Verdict.ERROR),
    ],
)
def test_one_critical_failure_fails_whatever_the_other_gates_claim(
    right: int, n: int, lost: int, verdict: Verdict
) -> None:
    decision = decide(material(result(some(right, n), lost=lost)), FLAWLESS, *EVERY_RULE)
    assert decision.results[0].verdict is verdict
    assert verdict is not Verdict.FAIL or decision.verdict is Verdict.FAIL


def test_the_samples_of_one_class_may_be_flawless_where_others_are_not() -> None:
    """Samples of the class yes stand at the odd places; only one of the class no is wrong."""
    runs = material(result([i != 10 for i in range(240)]))
    yes, no = (replace(FLAWLESS, subset=Subset("class", name)) for name in ("yes", "no"))
    assert [found.verdict for found in decide(runs, FLAWLESS, yes, no).results] == ["FAIL", "PASS", "FAIL"]


@pytest.mark.parametrize(("wins", "verdict"), [(132, "PASS"), (131, "INCONCLUSIVE"), (108, "FAIL")])
def test_wins_where_one_is_right_and_the_other_is_not(wins: int, verdict: str) -> None:
    theirs = result([i < 200 - wins for i in range(200)])
    decision = decide(material(result(some(wins, 200)), theirs), WINS)
    assert decision.results[0].verdict == verdict
    assert decision.verdict == verdict


def test_where_both_are_wrong_it_is_a_tie_and_ties_may_not_decide() -> None:
    decision = decide(material(result(some(100, 200)), result(some(0, 200))), WINS)
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "hangs on how ties are counted" in decision.results[0].sentence


def test_what_the_baseline_lost_is_no_win() -> None:
    runs = material(result(some(200, 200)), result(some(0, 200), lost=2))
    assert decide(runs, WINS).results[0].finding.evidence.value == 199 / 200  # type: ignore[union-attr]
