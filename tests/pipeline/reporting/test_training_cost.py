"""A training's cost: its hours and its energy by their prices, and unknown where one of them is."""

from __future__ import annotations

import pytest

from harness.core.presentation import Prices
from harness.pipeline.reporting.training_cost import in_words, training_cost

MANIFEST = {"wall_seconds": 5_400.0, "energy_joules": 7_200_000.0, "energy_reason": ""}


def test_hours_and_energy_by_their_prices() -> None:
    found = training_cost(MANIFEST, Prices(currency="USD", training_hour=2.0, energy=0.30))
    assert (found.hours, found.kwh, found.currency) == (1.5, 2.0, "USD")
    assert found.value == pytest.approx(1.5 * 2 + 2 * 0.3)
    assert training_cost(MANIFEST, Prices(training_hour=2.0)).value == pytest.approx(3.0)
    assert training_cost(MANIFEST, Prices(energy=0.30)).value == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("manifest", "prices", "reason"),
    [
        (None, Prices(training_hour=2.0), "was given"),
        (MANIFEST, None, "no price of training"),
        (MANIFEST, Prices(), "no price of training"),
        ({}, Prices(training_hour=2.0), "does not tell its time"),
        ({"wall_seconds": True}, Prices(training_hour=2.0), "does not tell its time"),
        ({"wall_seconds": -1.0}, Prices(training_hour=2.0), "does not tell its time"),
        ({"wall_seconds": 9.0, "energy_joules": None, "energy_reason": "no driver"},
         Prices(training_hour=2.0, energy=0.3), "no driver"),
        ({"wall_seconds": 9.0}, Prices(training_hour=2.0, energy=0.3), "it was not measured"),
    ],
)  # fmt: skip
def test_what_is_not_known_costs_an_unknown_sum_and_never_nothing(
    manifest: dict[str, object] | None, prices: Prices | None, reason: str
) -> None:
    found = training_cost(manifest, prices)
    assert found.value is None
    assert reason in found.reason


def test_a_training_in_one_line() -> None:
    used = {**MANIFEST, "device_name": "2 x H200", "peak_memory_bytes": 2**31}
    text = in_words(used, Prices(training_hour=2.0, energy=0.30)).replace("\u00a0", " ")
    assert text == "1 h 30 min, on 2 x H200, peak memory 2.00 GiB, 2.000 kWh, cost 3.60 EUR"
    unknown = {"wall_seconds": 60.0, "energy_joules": None, "energy_reason": "no driver"}
    text = in_words(unknown, Prices(energy=0.3)).replace("\u00a0", " ")
    assert text == "1 min 0 s, energy not known (no driver), cost not known (its energy is not known: no driver)"
    assert in_words({}, None) == ""
