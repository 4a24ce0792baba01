"""The decisions of a release before this one, and how its gated metrics went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from harness.core.ids import short
from harness.core.policies import Gate
from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.guard import label
from harness.report.internal.page import Exhibit, HistoryPart, exhibit, rest
from harness.report.material import Material
from harness.report.page import Cell, Table, heads, number
from harness.report.past import Past, PastPoint
from harness.report.pictures.history import history

_METRICS = 20
_DRAWN = 4
_REASON = 200
_NOTE = "A decision counts as it was made, by the rules and samples that it had: points need not rest on one data set."


def history_part(material: Material) -> HistoryPart | None:
    """None where no decision is known. Metrics are those of this decision's gates that have at least two points."""
    past = material.history
    if not past:
        return None
    head = tuple(Cell(name) for name in ("Decision", "Verdict", "Decided", "Version", "Adapter", "Reason"))
    rows = tuple(_row(one, material.decision.id) for one in reversed(past))
    gates = list({result.gate.what: result.gate for result in reversed(material.decision.results)}.values())[::-1]
    told = [gate for gate in gates if sum(gate.what in one.points for one in past) > 1]
    left = rest(len(told), _METRICS, "metric")
    metrics = tuple(_metric(gate, past, place < _DRAWN) for place, gate in enumerate(told[:_METRICS]))
    return HistoryPart(
        Table("Decisions of this release, the newest first", head, rows), metrics, f"{_NOTE} {left}".strip()
    )


def _row(one: Past, this: str) -> tuple[Cell, ...]:
    version = words.NOTHING if one.version is None else f"v{one.version}"
    return (
        Cell(short(one.id), "digest", "this one" if one.id == this else ""),
        _verdict(one.verdict),
        Cell(label(words.when(one.decided))),
        Cell(version, note=label(one.stage or "")),
        Cell(short(one.adapter) if one.adapter else "none", "digest"),
        Cell(words.start(label(one.reason, _REASON)), "sentence"),
    )


def _metric(gate: Gate, past: Sequence[Past], drawn: bool) -> Exhibit:
    """One metric from decision to decision. The threshold is this decision's; a comparison has none on this scale."""
    unit = words.unit_of(gate.metric, gate.unit)
    found = [(one, one.points[gate.what]) for one in past if gate.what in one.points]
    rows = tuple(
        (
            Cell(short(one.id), "digest", label(words.when(one.decided))),
            number(unit(point.value, 1)),
            number(words.interval(point.low, point.high, unit)),
            _verdict(point.verdict),
        )
        for one, point in found
    )
    table = Table(
        f"{label(gate.what)} from decision to decision",
        (*heads("Decision", "Value", "Interval"), Cell("Verdict")),
        rows,
    )
    threshold = gate.threshold if gate.against is None else None
    picture = history(label(gate.what), _points(found), threshold, unit) if drawn else None
    return exhibit(picture, table)


def _points(found: Sequence[tuple[Past, PastPoint]]) -> list[tuple[str, PastPoint]]:
    """Points named by the version that their decision became, else by its day, with the time where a day has two."""
    days = [_when(one, "%d %b") for one, _ in found]
    return [
        (_named(one, "%d %b" if days.count(day) == 1 else "%d %b %H:%M"), point)
        for (one, point), day in zip(found, days, strict=True)
    ]


def _named(one: Past, form: str) -> str:
    return f"v{one.version}" if one.version is not None else _when(one, form)


def _when(one: Past, form: str) -> str:
    try:
        return datetime.fromisoformat(one.decided).strftime(form).lstrip("0")
    except ValueError:
        return short(one.id)


def _verdict(text: str) -> Cell:
    known = next((verdict for verdict in Verdict if verdict == text), None)
    return Cell(f"{words.GLYPHS[known]} {known}", f"verdict {known.lower()}") if known else Cell(label(text))
