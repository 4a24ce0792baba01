"""What answers cost, on the page."""

from __future__ import annotations

import pytest

from harness.report.internal.costs import costs_exhibit, money
from harness.report.service import Cost
from harness.report.words import NOT_MEASURED, SPACE
from tests.report import made
from tests.report.internal.reading import notes, texts


@pytest.mark.parametrize(
    ("per_request", "text"),
    [
        (0.0124, "12.40 EUR"),
        (0.00004, "0.040 EUR"),
        (0.0000012, "0.0012 EUR"),
        (1.5, "1,500.00 EUR"),
        (0.0, "0.00 EUR"),
    ],
)
def test_small_amounts_keep_digits_that_tell(per_request: float, text: str) -> None:
    assert money(Cost("candidate", per_request, "EUR")).replace(SPACE, " ") == text


def test_an_unknown_cost_is_no_number() -> None:
    found = costs_exhibit(made.material())
    assert found is not None
    assert texts(found.table) == [
        ["candidate", "0.040 EUR", "—", "41.0", "4.2"],
        ["base", NOT_MEASURED, "—", NOT_MEASURED, NOT_MEASURED],
    ]
    assert notes(found.table)[1][1:] == ["no price is declared for it", "", *["the answers do not tell"] * 2]


def test_without_prices_or_suites_nothing_is_drawn() -> None:
    assert costs_exhibit(made.material(costs=())) is None
    bare = costs_exhibit(made.material(suites=()))
    assert bare is not None
    assert bare.figure is None
