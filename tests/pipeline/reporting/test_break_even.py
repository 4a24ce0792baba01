"""When a training has paid for itself: by hand, and never where that is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.presentation import Prices
from harness.pipeline.reporting.break_even import break_even
from harness.pipeline.reporting.training_cost import TrainingCost
from harness.report.internal.costs import break_even_note
from harness.report.service import BreakEven, Cost
from harness.report.words import SPACE, rounded_up

PRICES = Prices("EUR", frontier="big")
OURS = Cost("candidate", 0.006, "EUR", low=0.005, high=0.008)
THEIRS = Cost("big", 0.12, "EUR", low=0.11, high=0.13)
TRAINING = TrainingCost(4_674.0, "EUR", 10.0, None)


def of(
    ours: Cost = OURS, theirs: Cost = THEIRS, prices: Prices = PRICES, training: TrainingCost = TRAINING
) -> BreakEven:
    found = break_even((ours, theirs), prices, training)
    assert found is not None
    return found


def told(found: BreakEven) -> str:
    return break_even_note(found).replace(SPACE, " ")


def test_the_requirements_own_example() -> None:
    """0.006 against 0.12 saves 0.114 a request: 4,674 EUR are back after 41,000."""
    found = of()
    assert found.saved == pytest.approx(0.114)
    assert found.requests == pytest.approx(41_000)
    assert found.soonest == pytest.approx(4_674 / 0.125)
    assert found.latest == pytest.approx(4_674 / 0.102)
    assert found.months is None
    assert told(found) == (
        "In the place of big the training, 4,674.00 EUR, is paid for after about 41,000 requests "
        "(at the soonest after 38,000, at the latest after 46,000, by the bounds of both costs)."
    )


def test_fixed_costs_are_shared_among_a_months_requests() -> None:
    found = of(prices=replace(PRICES, requests=10_000, fixed=570.0))  # half of what is saved
    assert found.requests == pytest.approx(82_000)
    assert found.months == pytest.approx(8.2)
    assert "82,000 requests, 8.2 months at 10,000 a month (" in told(found)
    assert of(prices=replace(PRICES, requests=10_000, fixed=1_140.0)).never
    assert of(prices=replace(PRICES, requests=10_000, fixed=1_100.0)).latest is None
    assert "perhaps never" in told(of(prices=replace(PRICES, requests=10_000, fixed=1_100.0)))
    assert of(prices=replace(PRICES, fixed=1.0)).never


def test_a_candidate_that_costs_as_much_never_pays_for_itself() -> None:
    for dear in (0.12, 0.2):
        found = of(ours=replace(OURS, per_request=dear))
        assert found.never
        assert found.requests is None
    assert told(found) == "The break-even against big never comes: the candidate costs no less than big."


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (of(ours=Cost("candidate", None, "EUR", "?")), "the cost of a request to candidate is not known"),
        (of(theirs=Cost("big", None, "EUR", "?")), "the cost of a request to big is not known"),
        (of(theirs=replace(THEIRS, role="other")), "the cost of a request to big is not known"),
        (of(training=TrainingCost(None, "EUR", None, None, "no time was told")), "no time was told"),
    ],
)
def test_what_is_not_known_gives_no_number(found: BreakEven, reason: str) -> None:
    assert (found.requests, found.soonest, found.latest, found.never) == (None, None, None, False)
    assert told(found) == f"The break-even against big is not known: {reason}."


def test_without_bounds_there_is_no_range() -> None:
    found = of(ours=replace(OURS, high=None))
    assert found.requests == pytest.approx(41_000)
    assert found.latest is None


def test_no_frontier_no_break_even() -> None:
    assert break_even((OURS, THEIRS), Prices("EUR"), TRAINING) is None
    assert break_even((OURS, THEIRS), None, TRAINING) is None
    assert break_even_note(None) == ""


@given(st.floats(0.0001, 0.1), st.floats(1.0, 1_000.0), st.floats(1.01, 5.0))
def test_dearer_is_never_sooner(ours: float, training: float, factor: float) -> None:
    """A dearer candidate, or a dearer training, is paid for later."""
    base = of(ours=replace(OURS, per_request=ours), training=replace(TRAINING, value=training))
    dearer = of(ours=replace(OURS, per_request=ours * factor), training=replace(TRAINING, value=training))
    longer = of(ours=replace(OURS, per_request=ours), training=replace(TRAINING, value=training * factor))
    assert base.requests is not None
    assert longer.requests is not None
    assert dearer.never or (dearer.requests or 0) > base.requests
    assert longer.requests > base.requests


@pytest.mark.parametrize(("count", "text"), [(0.2, "1"), (41_000, "41,000"), (41_000.1, "42,000"), (99.5, "100")])
def test_counts_are_rounded_up(count: float, text: str) -> None:
    assert rounded_up(count) == text
