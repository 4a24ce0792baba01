"""What an answered request costs, by the release's prices. What failed or was tried again is paid for, too.

An hour's price is shared among the requests that were answered in the measured phase, so the time that was lost on
failures is in it. By tokens, each try is charged as an answered request is: more is not known of a try that failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.core.metric_refs import MEASURED_RUN
from harness.core.presentation import Price, Prices
from harness.core.runs import Run
from harness.report.material import CANDIDATE
from harness.report.service import Cost

if TYPE_CHECKING:
    import duckdb

_HOUR, _MILLION = 3_600, 1_000_000


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Means of an answered request, and how many tries it took; None with the reason."""

    prompt: float | None = None
    generated: float | None = None
    tries: float = 1.0
    reason: str = ""


def costs(
    connection: duckdb.DuckDBPyConnection,
    runs: Mapping[str, Mapping[str, str]],
    measured: Run | None,
    prices: Prices | None,
) -> tuple[Cost, ...]:
    """Each model of a decision that has a price. `runs` are the decision's, by role and suite."""
    priced = prices.models if prices else {}
    return tuple(
        _cost(role, priced[role], prices.currency, measured, _tokens(connection, runs, role))
        for role in runs
        if prices and role in priced
    )


def _cost(role: str, price: Price, currency: str, measured: Run | None, tokens: _Tokens) -> Cost:
    by_hour = price.per_hour is not None
    found, reason = _by_hour(role, price, measured) if by_hour else _by_tokens(price, tokens)
    return Cost(role, found, currency, reason, tokens.prompt, tokens.generated)


def _by_hour(role: str, price: Price, measured: Run | None) -> tuple[float | None, str]:
    pace = measured.figures.get(f"{role}.requests_per_second") if measured else None
    if pace is None or price.per_hour is None:
        return None, "its throughput was not measured"
    if pace <= 0:
        return None, "no request was answered in the measured phase"
    return price.per_hour / _HOUR / pace, ""


def _by_tokens(price: Price, tokens: _Tokens) -> tuple[float | None, str]:
    if tokens.prompt is None or tokens.generated is None:
        return None, tokens.reason
    if price.prompt is None or price.generated is None:
        return None, "it has no price of a token"
    return tokens.tries * (tokens.prompt * price.prompt + tokens.generated * price.generated) / _MILLION, ""


def _tokens(connection: duckdb.DuckDBPyConnection, runs: Mapping[str, Mapping[str, str]], role: str) -> _Tokens:
    """Of the measured phase; of all the model's runs where it was not measured, or nothing was answered."""
    phase = runs.get(CANDIDATE, {}).get(MEASURED_RUN)
    own = [run for suite, run in runs[role].items() if suite != MEASURED_RUN]
    found = _of_outputs(connection, [phase], role) if phase else None
    return found or _of_outputs(connection, own, None) or _Tokens(reason="it answered no request with a text")


def _of_outputs(connection: duckdb.DuckDBPyConnection, runs: Sequence[str], task: str | None) -> _Tokens | None:
    """Means over the outputs of runs (of one task of them); None where none was answered with a text."""
    answered, silent, prompt, generated, tries = connection.execute(
        "SELECT count(*) FILTER (error IS NULL), "
        "count(*) FILTER (error IS NULL AND (prompt_tokens IS NULL OR generated_tokens IS NULL)), "
        "avg(prompt_tokens) FILTER (error IS NULL), avg(generated_tokens) FILTER (error IS NULL), sum(attempts) "
        "FROM outputs WHERE list_contains(?, run) AND (? IS NULL OR task = ?) AND choices IS NULL",
        [runs, task, task],
    ).fetchall()[0]
    if not answered:
        return None
    if silent:
        return _Tokens(reason=f"{silent:,} of its {answered:,} answers do not tell their tokens")
    return _Tokens(prompt, generated, max(int(tries), answered) / answered)
