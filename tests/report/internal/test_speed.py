"""The measured phase on the page."""

from __future__ import annotations

from dataclasses import replace

from harness.core.estimates import Estimate, Unestimable
from harness.report.internal.speed import speed_exhibit
from harness.report.words import NOT_MEASURED
from tests.report import made
from tests.report.internal.reading import notes, texts


def test_each_model_is_a_row_with_its_limits() -> None:
    found = speed_exhibit(made.speed())
    assert found is not None
    assert [cell.text for cell in found.table.head] == [
        "Model", "p50", "p95", "p99", "Failed", "Requests/s", "Tokens/s", "Requests",
    ]  # fmt: skip
    row = texts(found.table)[0]
    middle = made.speed()[0].quantiles["p50"]
    assert isinstance(middle, Estimate)
    assert row[:2] == ["candidate", f"{1000 * middle.value:.0f} ms" if middle.value < 0.1 else f"{middle.value:.2f} s"]
    assert row[4:] == ["0.2 %", "6.4", "25.7", "520"]
    assert notes(found.table)[0][7] == "1 failed"


def test_what_was_not_measured_is_no_number() -> None:
    one = replace(
        made.speed()[0],
        quantiles={"p50": Unestimable("all 5 requests failed")},
        failure_rate=Unestimable("no request"),
        requests_per_second=None,
        tokens_per_second=None,
        times=(),
    )
    found = speed_exhibit([one])
    assert found is not None
    assert texts(found.table)[0][1:5] == [NOT_MEASURED] * 4
    assert notes(found.table)[0][1:5] == [
        "all 5 requests failed", "no request", "nothing was answered", "nothing was answered",
    ]  # fmt: skip
    assert found.figure is None


def test_without_the_phase_there_is_nothing() -> None:
    assert speed_exhibit(()) is None
