"""The index of a release's reports: each decision with its pages, and how each gated metric went from one to the next.

It is for the team, as the internal edition is: reasons stand in it as the gates gave them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.core.decisions import Decision
from harness.core.estimates import Estimate
from harness.core.metric_refs import LATENCY
from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.guard import label, passage
from harness.report.internal.costs import money as thousand
from harness.report.listing import Entry, Link, Listing
from harness.report.page import Cell, Fact, Figure, Mark, Table, heads, mark, number
from harness.report.past import Past, PastPoint
from harness.report.pictures.history import history
from harness.report.pictures.trend import trend

Files = Mapping[str, Mapping[str, str]]

_HEAD = ("Decision", "Verdict", "Reason", "Adapter", "Version")
_COST = "1,000 requests"
_EDITIONS = {"internal": "internal", "client": "client"}


@dataclass(frozen=True, slots=True)
class IndexView:
    """The whole page. `trends` has a line for each gated metric, `figures` its drawing and table."""

    title: str
    release: str
    facts: tuple[Fact, ...]
    decisions: Listing
    trends: Listing
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]


def build_index(decision: Decision, past: Sequence[Past], files: Files, total: int) -> IndexView:
    """The index out of a release's newest decisions, oldest first; `total` were taken in all.

    `files` are the names of the pages that are there, by decision's id and edition. `decision` is one of these; its
    gates give the thresholds.
    """
    newest = past[-1] if past else None
    name = label(decision.release)
    facts = [Fact("Decisions", f"{total:,}")]
    rest = total - len(past)
    cut = f"{words.count(rest, 'older decision')} not shown; `harness status` lists all." if rest > 0 else ""
    if newest:
        facts.append(Fact("Newest verdict", newest.verdict, words.when(newest.decided)))
    priced = any(one.cost for one in past)
    head = (*_HEAD, *([_COST] if priced else []), "Pages")
    rows = tuple(_row(one, files.get(one.id, {}), priced) for one in reversed(past))
    names = list(dict.fromkeys(what for one in past for what in one.points))
    repeated = [what for what in names if sum(what in one.points for one in past) > 1]
    drawn = [_history(what, past, _threshold(decision, what)) for what in repeated]
    return IndexView(
        f"Reports of {name}",
        name,
        tuple(facts),
        Listing("Decisions, the newest first", tuple(map(Cell, head)), rows, cut),
        _trends(names, past),
        tuple(one for one in drawn if isinstance(one, Figure)),
        tuple(one for one in drawn if isinstance(one, Table)),
    )


def mark_of(verdict: str) -> Mark:
    """The mark of a verdict that was stored as a word; one that is no verdict is shown as it stands."""
    return mark(Verdict(verdict)) if verdict in Verdict.__members__ else Mark(label(verdict), "!", "error")


def _row(past: Past, pages: Mapping[str, str], priced: bool) -> tuple[Entry, ...]:
    links = tuple(Link(_EDITIONS[edition], name) for edition, name in pages.items())
    return (
        Entry(label(past.id[:12]), words.when(label(past.decided)), "digest"),
        Entry(mark=mark_of(past.verdict)),
        Entry(words.start(passage(past.reason, 600)), style="sentence"),
        Entry(label(past.adapter[:12]) if past.adapter else words.NOTHING, style="digest"),
        Entry(words.NOTHING if past.version is None else f"v{past.version}", label(past.stage or "")),
        *([_cost(past)] if priced else []),
        Entry(links=links) if links else Entry("not rendered", "`harness report` makes them"),
    )


def _cost(past: Past) -> Entry:
    """What answers cost then, by the prices of today."""
    if past.cost is None or past.cost.per_request is None:
        return Entry(words.NOTHING, style="number")
    return Entry(thousand(past.cost), style="number")


def _trends(names: Sequence[str], past: Sequence[Past]) -> Listing:
    rows = []
    for what in names:
        points = [one.points[what] for one in past if what in one.points]
        unit = _unit(what, points)
        change = _change(points, what) if len(points) > 1 else words.NOTHING
        drawn = trend(label(what), points, unit)
        rows.append((Entry(label(what)), Entry(unit(points[-1].value, 1), style="number"),
                     Entry(change, style="number"), Entry(mark=mark_of(points[-1].verdict)),
                     Entry(words.NOTHING if drawn is None else "", picture=drawn)))  # fmt: skip
    head = (Cell("Metric"), Cell("Last value", "number"), Cell("Change since the one before", "number"),
            Cell("Its gate"), Cell("Trend"))  # fmt: skip
    return Listing("Gated metrics from decision to decision", head, tuple(rows), empty="no gate had a number yet.")


def _change(points: Sequence[PastPoint], what: str) -> str:
    change = points[-1].value - points[-2].value
    if what in LATENCY or points[-1].unit:
        sign = "+" if change > 0 else words.MINUS if change < 0 else ""
        return sign + _unit(what, points)(abs(change), 1)
    return words.points(change)


def _history(what: str, past: Sequence[Past], threshold: float | None) -> Figure | Table:
    """A metric over the decisions; the table alone where there is nothing to draw."""
    points = [(one, one.points[what]) for one in past if what in one.points]
    unit = _unit(what, [point for _, point in points])
    table = Table(
        label(what), (*heads("Decision", "Value", "Interval"), Cell("Gate")), tuple(_cells(points, unit)),
        style="narrow",
    )  # fmt: skip
    drawn = history(label(what), [(_short(one), point) for one, point in points], threshold, unit)
    return table if drawn is None else Figure(label(what), drawn, table)


def _cells(points: Sequence[tuple[Past, PastPoint]], unit: words.Unit) -> Iterator[tuple[Cell, ...]]:
    for past, point in points:
        limits = words.interval(point.low, point.high, unit)
        yield (Cell(_short(past), note=words.when(label(past.decided))), number(unit(point.value, 1)), number(limits),
               Cell(label(point.verdict)))  # fmt: skip


def _short(past: Past) -> str:
    return f"v{past.version}" if past.version is not None else label(past.id[:7])


def _threshold(decision: Decision, what: str) -> float | None:
    """The bound of the gate on this metric, where that is on the metric's own scale."""
    found = (result for result in decision.results if result.gate.what == what and result.gate.against is None)
    return next((one.finding.bound for one in found if isinstance(one.finding.evidence, Estimate)), None)


def _unit(what: str, points: Sequence[PastPoint]) -> words.Unit:
    return words.unit_of(what, points[-1].unit if points else "")
