"""Numbers, times and rules in words that people read: 93.4 %, +2.1 points, 1.2 s."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime

from harness import catalog
from harness.core.decisions import Decision, Evidence
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.metric_refs import LATENCY
from harness.core.policies import Gate
from harness.core.verdicts import Verdict
from harness.gates.interface import Rule

SPACE = "\u00a0"
MINUS = "\u2212"
NOTHING = "—"
NOT_MEASURED = "not measured"

_WORD = re.compile(r"[a-zà-ÿ]+(?=[ ,;]|$)")

Unit = Callable[[float, int], str]

GLYPHS = {Verdict.PASS: "✓", Verdict.FAIL: "✕", Verdict.INCONCLUSIVE: "?", Verdict.ERROR: "!"}


def percent(value: float, decimals: int = 1) -> str:
    """A share of 1 in percent. Only 0 and 1 themselves read 0.0 % and 100.0 %."""
    text = f"{value * 100:.{decimals}f}"
    if decimals < 6 and float(text) in (0.0, 100.0) and value not in (0.0, 1.0):
        return percent(value, decimals + 1)
    return _signed(text) + f"{SPACE}%"


def points(value: float, decimals: int = 1) -> str:
    """A difference of two shares in percentage points, with its sign."""
    text = f"{value * 100:+.{decimals}f}"
    if decimals < 6 and float(text) == 0 and value != 0:
        return points(value, decimals + 1)
    return (_signed(text) if float(text) else text[1:]) + f"{SPACE}points"


def seconds(value: float, decimals: int = 1) -> str:
    """A time: 45 ms, 1.24 s, 12.4 s, 2 min 5 s, 1 h 4 min."""
    if abs(value) < 0.1:
        return f"{value * 1000:.{decimals - 1}f}{SPACE}ms"
    if value < 59.95:
        return f"{value:.{decimals + (value < 10)}f}{SPACE}s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60}{SPACE}min {whole % 60}{SPACE}s"
    return f"{whole // 3600}{SPACE}h {whole % 3600 // 60}{SPACE}min"


def money(currency: str) -> Unit:
    """How amounts in a currency are written: 0.0060 EUR, 12.40 EUR."""

    def written(value: float, decimals: int = 1) -> str:
        places = math.ceil(-math.log10(abs(value))) if 0 < abs(value) < 1 else 0
        return _signed(f"{value:,.{max(2, places + decimals)}f}") + f"{SPACE}{currency}"

    return written


def unit_of(metric: str, currency: str = "") -> Unit:
    """How a metric's values are written; `currency` is that of a gate on an amount (Gate.unit)."""
    return money(currency) if currency else seconds if metric in LATENCY else percent


def is_amount(gate: Gate) -> bool:
    """Whether a gate's numbers are no shares, but seconds or amounts of money."""
    return gate.metric in LATENCY or bool(gate.unit)


def endings(decision: Decision) -> dict[str, str]:
    """How the answers ended, by "role suite.task": "100: 88 answered, 12 empty"."""
    return {
        f"{role} {task}": f"{sum(counts.values())}: {', '.join(f'{n} {kind}' for kind, n in counts.items())}"
        for role, tasks in decision.endings.items()
        for task, counts in tasks.items()
    }


def apart(value: float, other: float, unit: Unit) -> str:
    """`value` with as many decimals as it takes to read differently from `other`, unless it is the same."""
    for decimals in range(1, 6):
        if unit(value, decimals) != unit(other, decimals) or math.isclose(value, other, abs_tol=1e-9):
            return unit(value, decimals)
    return unit(value, 6)


def interval(low: float | None, high: float | None, unit: Unit, beside: float | None = None) -> str:
    """Both limits, or the one that there is."""
    first, last = (
        None if limit is None else unit(limit, 1) if beside is None else apart(limit, beside, unit)
        for limit in (low, high)
    )
    if first and last:
        suffix = first[first.rfind(SPACE) :]
        return f"{first.removesuffix(suffix) if last.endswith(suffix) else first} to {last}"
    return f"from {first}" if first else f"up to {last}" if last else NOTHING


def plain_share(value: float) -> str:
    """A share that somebody wrote down: no decimals that were not given."""
    return f"{round(value * 100, 6):g}{SPACE}%"


def rule(gate: Gate) -> str:
    """What a gate asks."""
    if gate.is_check:
        return "passes as a test"
    plug = _plug(gate)
    if plug.of == "difference":
        limit = f"{round(gate.threshold * 100, 6):g}{SPACE}points"
    else:
        limit = _plain(gate, gate.threshold)
    return plug.asks(limit, gate.against or "")


def bound(gate: Gate, limit: float) -> str:
    """The threshold on the scale of what is held against it: 90 %, 5 s, −3 points, no difference; — for a check."""
    if gate.is_check:
        return NOTHING
    if _plug(gate).of == "difference":
        return "no difference" if limit == 0 else points(limit, 1)
    return _plain(gate, limit)


def _plain(gate: Gate, limit: float) -> str:
    """A threshold with the digits that somebody wrote down: 5 s, 0.004 EUR, 90 %."""
    if gate.unit:
        return f"{limit:.12f}".rstrip("0").rstrip(".") + SPACE + gate.unit
    return f"{limit:g}{SPACE}s" if gate.metric in LATENCY else plain_share(limit)


def good_side(gate: Gate) -> str:
    """The side of its bound on which a gate wants the truth: "above" or "below"."""
    return _plug(gate).good


def counted(gate: Gate) -> str:
    """What a gate's number counts where it is not the metric itself: wins, failures; else ""."""
    return "" if gate.is_check or _plug(gate).of == "difference" else _plug(gate).of


def _plug(gate: Gate) -> Rule:
    plug: Rule = catalog.plug("gates", gate.rule)(gate.threshold)
    return plug


def evidence_unit(gate: Gate, evidence: Evidence) -> Unit:
    """How the number that a gate's bound is held against is written."""
    if not isinstance(evidence, Comparison):
        return unit_of(gate.metric, gate.unit)
    return seconds if gate.metric in LATENCY else points


def evidence_value(gate: Gate, evidence: Evidence, bound: float) -> str:
    """The number that a gate's bound is held against, never rounded onto it; a check has none."""
    if isinstance(evidence, Unestimable):
        return NOTHING if gate.is_check else NOT_MEASURED
    number = evidence.value if isinstance(evidence, Estimate) else evidence.difference
    return apart(number, bound, evidence_unit(gate, evidence))


def evidence_interval(gate: Gate, evidence: Evidence, bound: float) -> str:
    """The limits of that number, never rounded onto the bound."""
    if isinstance(evidence, Unestimable):
        return NOTHING
    return interval(evidence.low, evidence.high, evidence_unit(gate, evidence), bound)


def count(number: int, one: str, many: str | None = None) -> str:
    """'1 sample', '2,400 samples'."""
    return f"{number:,}{SPACE}{one if number == 1 else many or one + 's'}"


def rounded_up(value: float) -> str:
    """A count with two digits that tell, rounded up: 41,000."""
    whole = math.ceil(round(value, 6))
    step = 10 ** max(0, len(str(whole)) - 2)
    return f"{-(-whole // step) * step:,}"


def start(text: str) -> str:
    """A sentence with a capital; a name that it starts with ("triage.accuracy", "rouge_1:") stays as it is."""
    return text[:1].upper() + text[1:] if _WORD.match(text) else text


def when(iso: str) -> str:
    """An ISO time with its zone: 22 November 2026, 03:12 UTC."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    offset = moment.strftime("%z")
    zone = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}" if offset else "(no time zone)"
    return f"{moment.day}{SPACE}{moment:%B %Y, %H:%M} {zone}"


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
