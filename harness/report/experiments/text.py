"""Experiments on one terminal screen."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.estimates import Comparison, Estimate
from harness.report import words
from harness.report.experiments.view import Compared, Contestant, Difference, Own
from harness.report.guard import label
from harness.report.screen import wrapped

_NARROWEST = 60
_MOST = 20
_GAP = "  "


def lines(compared: Compared, width: int) -> list[str]:
    """The table, what is to be said of each training, then the verdict and the notes."""
    width = max(width, _NARROWEST)
    shown = [one for one in compared.contestants if not one.failed]
    rows = [heads(compared), *(row(one, compared) for one in shown[:_MOST])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    found = [_GAP.join(_cells(cells, widths)).rstrip() for cells in rows]
    more = len(shown) - _MOST
    found += [f"and {more} more: --json and the page have them"] if more > 0 else []
    said = [line for text in _said(compared) for line in wrapped(label(text, 600), width, "", "  ")]
    notes = [line for note in compared.notes for line in wrapped(f"note: {label(note, 600)}", width, "", "  ")]
    return [*found, *(["", *said] if said else []), "", *wrapped(label(compared.verdict, 600), width), *notes]


def heads(compared: Compared) -> list[str]:
    """The heads of the columns."""
    metric = [] if compared.by_loss else [compared.choose, "to the best"]
    cost = [f"cost ({compared.currency})"] if compared.currency else []
    return ["", "training", "validation loss", *metric, "time", "tokens", *cost]


def row(one: Contestant, compared: Compared) -> list[str]:
    """One adapter's cells."""
    chosen = one.name == compared.chosen
    metric = [] if compared.by_loss else [own(one.metrics.get(compared.choose)), beside(one.difference, chosen)]
    loss = f"{one.loss:.4f}" if one.loss is not None else words.NOTHING
    cost = [f"{one.cost:,.2f}" if one.cost is not None else words.NOTHING] if compared.currency else []
    took = words.seconds(one.seconds) if one.seconds is not None else words.NOTHING
    tokens = f"{one.tokens:,}" if one.tokens is not None else words.NOTHING
    return ["*" if chosen else "", label(one.name), loss, *metric, took, tokens, *cost]


def own(found: Own | None) -> str:
    """A number with its interval."""
    if not isinstance(found, Estimate):
        return words.NOT_MEASURED
    limits = words.interval(found.low, found.high, words.percent)
    return f"{words.percent(found.value)} ({limits})" if limits != words.NOTHING else words.percent(found.value)


def beside(found: Difference | None, chosen: bool) -> str:
    """A difference to the best with its interval."""
    if chosen:
        return "the best"
    if not isinstance(found, Comparison):
        return words.NOT_MEASURED
    limits = words.interval(found.low, found.high, words.points)
    shown = words.points(found.difference)
    return f"{shown} ({limits})" if limits != words.NOTHING else shown


def _cells(cells: list[str], widths: list[int]) -> Iterator[str]:
    for place, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        yield cell.ljust(wide) if place < 2 else cell.rjust(wide)


def _said(compared: Compared) -> Iterator[str]:
    """What each training warned of, once, and why others failed."""
    told: set[str] = set()
    for one in compared.contestants:
        if one.experiment in told:
            continue
        told.add(one.experiment)
        for text in (f"failed: {one.failed}",) if one.failed else one.warnings:
            yield f"{one.experiment}: {text}"
