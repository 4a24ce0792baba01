"""What the measured phase found: how long answers took, how many failed, how many a second."""

from __future__ import annotations

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.metric_refs import LATENCY
from harness.core.runs import Run, TaskResult
from harness.report import words
from harness.report.guard import label
from harness.report.material import Recorded
from harness.report.page import Cell, Table, heads, missing, number
from harness.stats import quantiles
from harness.stats.intervals import rate


def measured_table(recorded: Recorded | None, alpha: float) -> Table | None:
    """A row for each model that was measured; None where nothing was."""
    if recorded is None:
        return None
    run, results = recorded
    names = [name.removeprefix("latency.") for name in LATENCY]
    head = heads("Model", *names, "Failed", "Requests/s", "Tokens/s", "Requests")
    note = (
        "From sending a request to its whole answer, models in turns on the same server, first attempts only; "
        "a failed request took for ever. Warm-up is not counted."
    )
    rows = tuple(_row(run, result, alpha) for result in results)
    return Table("Latency and throughput", head, rows, note)


def _row(run: Run, result: TaskResult, alpha: float) -> tuple[Cell, ...]:
    import numpy as np

    outputs = result.outputs
    times = [float("inf") if output.error or output.latency is None else output.latency for output in outputs]
    known = np.array(times, dtype=np.float64)
    failed = rate(sum(output.error is not None for output in outputs), len(outputs), alpha)
    figures = [_figure(run, f"{result.task}.{name}") for name in ("requests_per_second", "tokens_per_second")]
    return (
        Cell(label(result.task)),
        *(_time(quantiles.quantile(known, q, alpha)) for q in LATENCY.values()),
        _share(failed),
        *figures,
        number(f"{len(outputs):,}"),
    )


def _figure(run: Run, name: str) -> Cell:
    value = run.figures.get(name)
    return missing("nothing was answered") if value is None else number(f"{value:,.1f}")


def _time(found: Estimate | Unestimable) -> Cell:
    if isinstance(found, Unestimable):
        return missing(found.reason)
    return number(words.seconds(found.value), words.interval(found.low, found.high, words.seconds))


def _share(found: Estimate | Comparison | Unestimable) -> Cell:
    if not isinstance(found, Estimate):
        return missing("not measured")
    return number(words.percent(found.value), words.interval(found.low, found.high, words.percent))
