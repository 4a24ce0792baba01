"""What the measured phase found: how long answers took, how many failed, how many a second."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report import words
from harness.report.guard import label
from harness.report.internal.figures import own_cell
from harness.report.internal.page import Exhibit, exhibit
from harness.report.page import Cell, Table, heads, missing, number
from harness.report.pictures.latency import latency
from harness.report.service import Speed

_NOTE = (
    "From sending a request to its whole answer, models in turns on the same server, first attempts only; "
    "a failed request took for ever. Warm-up is not counted."
)


def speed_exhibit(found: Sequence[Speed]) -> Exhibit | None:
    """A row for each model that was measured; None where nothing was."""
    if not found:
        return None
    names = list(dict.fromkeys(name for one in found for name in one.quantiles))
    head = heads("Model", *names, "Failed", "Requests/s", "Tokens/s", "Requests")
    table = Table("Latency and throughput", head, tuple(_row(one, names) for one in found), _NOTE)
    return exhibit(latency({label(one.role): one.times for one in found if one.times}), table)


def _row(one: Speed, names: Sequence[str]) -> tuple[Cell, ...]:
    return (
        Cell(label(one.role)),
        *(own_cell(one.quantiles.get(name), words.seconds) for name in names),
        own_cell(one.failure_rate),
        _pace(one.requests_per_second),
        _pace(one.tokens_per_second),
        number(f"{one.requests:,}", f"{one.failed:,} failed" if one.failed else ""),
    )


def _pace(value: float | None) -> Cell:
    return missing("nothing was answered") if value is None else number(f"{value:,.1f}")
