"""What a training cost, by the release's prices of today and what the manifest says was used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.presentation import Prices
from harness.report import words

_HOUR, _KWH = 3_600.0, 3_600_000.0


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """What a training cost, in `currency`: None where it can't be told, for `reason`.

    `hours` are those of all its attempts, `kwh` its energy (None: no driver told it).
    """

    value: float | None
    currency: str
    hours: float | None
    kwh: float | None
    reason: str = ""


def training_cost(manifest: Mapping[str, object] | None, prices: Prices | None) -> TrainingCost:
    """Hours and energy by their prices. A price without the number that it is for makes the cost unknown, never less.

    `manifest` is the trainer's (None: the adapter was given).
    """
    told, currency = manifest or {}, (prices or Prices()).currency
    seconds, joules = _number(told.get("wall_seconds")), _number(told.get("energy_joules"))
    hours = seconds / _HOUR if seconds is not None else None
    kwh = joules / _KWH if joules is not None else None
    value, reason = _value(manifest, prices, hours, kwh)
    return TrainingCost(value, currency, hours, kwh, reason)


def in_words(manifest: Mapping[str, object], prices: Prices | None) -> str:
    """One line: the time, the device, the memory, the energy and the cost, or why one of them is not known."""
    found = training_cost(manifest, prices)
    device, memory = manifest.get("device_name"), _number(manifest.get("peak_memory_bytes"))
    energy = f"{found.kwh:.3f} kWh" if found.kwh is not None else _no_energy(manifest)
    parts = [
        words.seconds(found.hours * _HOUR) if found.hours is not None else "",
        f"on {device}" if device else "",
        f"peak memory {memory / 2**30:.2f} GiB" if memory is not None else "",
        energy,
        f"cost {words.money(found.currency)(found.value, 1)}" if found.value is not None else _no_cost(prices, found),
    ]
    return ", ".join(filter(None, parts))


def _no_energy(manifest: Mapping[str, object]) -> str:
    reason = manifest.get("energy_reason")
    return f"energy not known ({reason})" if reason else ""


def _no_cost(prices: Prices | None, found: TrainingCost) -> str:
    asked = prices is not None and (prices.training_hour is not None or prices.energy is not None)
    return f"cost not known ({found.reason})" if asked else ""


def _value(
    manifest: Mapping[str, object] | None, prices: Prices | None, hours: float | None, kwh: float | None
) -> tuple[float | None, str]:
    if manifest is None:
        return None, "the adapter was given, so nobody knows what its training took"
    if prices is None or (prices.training_hour is None and prices.energy is None):
        return None, "release.yaml has no price of training"
    if prices.training_hour is not None and hours is None:
        return None, "the training's manifest does not tell its time"
    if prices.energy is not None and kwh is None:
        return None, f"its energy is not known: {manifest.get('energy_reason') or 'it was not measured'}"
    return (prices.training_hour or 0.0) * (hours or 0.0) + (prices.energy or 0.0) * (kwh or 0.0), ""


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return float(value) if known and isinstance(value, int | float) else None
