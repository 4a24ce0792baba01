"""Cost and speed, in words."""

from __future__ import annotations

from harness.core.estimates import Estimate
from harness.report import words
from harness.report.client.names import Names
from harness.report.client.page import Section
from harness.report.client.wording import start, tell
from harness.report.guard import label
from harness.report.service import BreakEven, Cost, Speed


def service_section(names: Names) -> Section:
    """A sentence for each model; what was not measured is said."""
    say, material = names.say, names.material
    speed = [_speed(one, names) for one in material.speed] or [say["speed_none"]]
    costs = [_cost(one, names) for one in material.costs] or [say["cost_none"]]
    paid = [_break_even(material.break_even, names)] if material.break_even else []
    return Section("service", say["nav_service"], say["heading_service"], points=(*speed, *costs, *paid))


def _speed(one: Speed, names: Names) -> str:
    say, role, count = names.say, start(names.role(one.role)), words.count(one.requests, "request")
    half, most = one.quantiles.get("p50"), one.quantiles.get("p95")
    if isinstance(half, Estimate) and isinstance(most, Estimate):
        told = tell(say, "speed_times", role=role, half=words.seconds(half.value), most=words.seconds(most.value))
    elif isinstance(half, Estimate):
        told = tell(say, "speed_half", role=role, half=words.seconds(half.value))
    else:
        told = tell(say, "speed_unknown", role=role)
    if one.failed:
        return f"{told} {tell(say, 'speed_failed', failed=f'{one.failed:,}', count=count)}"
    return f"{told} {tell(say, 'speed_all', count=count)}"


def _cost(one: Cost, names: Names) -> str:
    role = start(names.role(one.role))
    if one.per_request is None:
        return tell(names.say, "cost_unknown", role=role)
    return tell(names.say, "cost", role=role, amount=money(one.per_request * 1_000, one.currency))


def _break_even(one: BreakEven, names: Names) -> str:
    say, other = names.say, names.role(one.frontier)
    if one.requests is None:
        return tell(say, "break_even_never" if one.never else "break_even_unknown", other=other)
    told = tell(say, "break_even", other=other, requests=words.rounded_up(one.requests))
    if one.latest is None:
        return f"{told} {say['break_even_unsure']}"
    return f"{told} {tell(say, 'break_even_latest', latest=words.rounded_up(one.latest))}"


def money(amount: float, currency: str) -> str:
    """An amount with two decimals, or with as many as it takes to show two digits that are not 0."""
    decimals = next((places for places in range(2, 8) if amount == 0 or amount >= 10 ** (1 - places)), 8)
    return f"{amount:,.{decimals}f}{words.SPACE}{label(currency, 12)}"
