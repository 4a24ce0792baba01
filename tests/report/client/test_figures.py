"""Numbers of a guarantee never say more than was shown."""

from __future__ import annotations

import pytest

from harness.report.client import figures
from harness.report.client.service import money


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_lower_bounds_are_rounded_down_and_upper_ones_up() -> None:
    assert [plain(figures.at_least(value)) for value in (0.8799, 0.87, 1.0)] == ["87.9 %", "87 %", "100 %"]
    assert [plain(figures.at_most(value)) for value in (0.00951, 0.0301, 1.0)] == ["1 %", "3.1 %", "100 %"]
    assert plain(figures.points_down(0.0329)) == "3.2 points"
    assert plain(figures.points_up(0.0321)) == "3.3 points"
    assert plain(figures.points_up(0.01)) == "1 point"


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0451, "46 ms"), (0.301, "0.31 s"), (2.913, "2.92 s"), (12.31, "12.4 s"), (61.2, "1 min 2 s")],
)
def test_times_are_rounded_up(value: float, told: str) -> None:
    assert plain(figures.seconds_up(value)) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.00601, "0.0061 EUR"), (0.121, "0.13 EUR"), (12.341, "12.35 EUR"), (0.00031, "0.00031 EUR")],
)
def test_money_is_rounded_up(value: float, told: str) -> None:
    assert plain(figures.money_up(value, "EUR")) == told


def test_shares_are_of_a_hundred_or_of_a_thousand() -> None:
    assert [figures.out_of(share) for share in (0.879, 0.9949, 0.004)] == [(87, 100), (994, 1000), (0, 100)]


def test_amounts_of_money_show_two_digits() -> None:
    amounts = [plain(money(amount, "EUR")) for amount in (1234.5, 0.42, 0.04, 0.00123, 0.0)]
    assert amounts == ["1,234.50 EUR", "0.42 EUR", "0.040 EUR", "0.0012 EUR", "0.00 EUR"]
