"""What an answered request costs: by hand, with failures and retries paid for, and None with a reason where unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import duckdb
import pytest

from harness.core.presentation import Price, Prices
from harness.core.runs import Run
from harness.pipeline.reporting.costs import costs
from harness.report.service import Cost
from harness.store.migrations import migrate
from tests.pipeline.hand_made import judged, result, some

RUNS = {"candidate": {"s": "ours", "measured": "phase"}, "base": {"s": "theirs"}, "big": {"s": "theirs", "t": "more"}}
BY_TOKENS = Price(prompt=2.0, generated=10.0)


@pytest.fixture
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect()) as connection:
        migrate(connection)
        yield connection


def add(
    store: duckdb.DuckDBPyConnection, run: str, task: str, *tokens: tuple[int, int] | None, attempts: int = 1,
    error: str | None = None, choices: list[float] | None = None,
) -> None:  # fmt: skip
    for pair in tokens:
        prompt, generated = pair or (None, None)
        position = store.execute("SELECT count(*) FROM outputs").fetchall()[0][0]
        store.execute(
            "INSERT INTO outputs (run, task, sample_id, text, prompt_tokens, generated_tokens, choices, error, "
            "attempts, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [run, task, f"s{position}", None if error else "a", prompt, generated, choices, error, attempts, position],
        )


def measured(**figures: float) -> Run:
    named = {f"{role}.requests_per_second": value for role, value in figures.items()}
    return replace(judged("candidate", result(some(1, 1))).run, figures=named)


def cost(store: duckdb.DuckDBPyConnection, price: Price, role: str = "candidate", run: Run | None = None) -> Cost:
    (found,) = costs(store, RUNS, run, Prices("EUR", {role: price}))
    return found


def test_an_hour_is_shared_among_the_answered_requests(store: duckdb.DuckDBPyConnection) -> None:
    found = cost(store, Price(per_hour=3.6), run=measured(candidate=4.0, base=1.0))
    assert found.per_request == pytest.approx(0.00025)  # 3.60 for 14,400 requests
    assert (found.role, found.currency, found.reason) == ("candidate", "EUR", "")
    assert cost(store, Price(per_hour=0.0), run=measured(candidate=4.0)).per_request == 0.0


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (None, "its throughput was not measured"),
        (measured(base=3.0), "its throughput was not measured"),
        (measured(candidate=0.0), "no request was answered in the measured phase"),
    ],
)
def test_without_a_pace_an_hour_says_nothing(store: duckdb.DuckDBPyConnection, run: Run | None, reason: str) -> None:
    found = cost(store, Price(per_hour=3.6), run=run)
    assert (found.per_request, found.reason) == (None, reason)


def test_tokens_are_those_of_the_measured_phase(store: duckdb.DuckDBPyConnection) -> None:
    add(store, "phase", "candidate", (100, 10), (300, 30))
    add(store, "phase", "base", (9_000, 900))
    add(store, "ours", "t", (7_000, 700))
    found = cost(store, BY_TOKENS)
    assert (found.prompt_tokens, found.generated_tokens) == (200, 20)
    assert found.per_request == pytest.approx((200 * 2 + 20 * 10) / 1e6)


def test_a_model_that_was_not_measured_is_taken_from_all_its_runs(store: duckdb.DuckDBPyConnection) -> None:
    add(store, "phase", "candidate", (9_000, 900))
    add(store, "theirs", "t", (100, 10), (100, 10), (100, 10))
    add(store, "more", "u", (500, 50))
    found = cost(store, BY_TOKENS, "big")
    assert (found.prompt_tokens, found.generated_tokens) == (200, 20)
    assert cost(store, BY_TOKENS, "base").prompt_tokens == 100


def test_a_failed_request_and_a_retry_cost_as_much_as_an_answer(store: duckdb.DuckDBPyConnection) -> None:
    add(store, "phase", "candidate", (100, 10), (100, 10), (100, 10))
    whole = cost(store, BY_TOKENS).per_request
    assert whole is not None
    add(store, "phase", "candidate", None, error="connection reset")
    assert cost(store, BY_TOKENS).per_request == pytest.approx(whole * 4 / 3)
    add(store, "phase", "candidate", (100, 10), attempts=3)
    found = cost(store, BY_TOKENS)
    assert found.per_request == pytest.approx(whole * 7 / 4)
    assert (found.prompt_tokens, found.generated_tokens) == (100, 10)


def test_answers_that_tell_no_tokens_have_no_cost(store: duckdb.DuckDBPyConnection) -> None:
    add(store, "phase", "candidate", (100, 10), None)
    found = cost(store, BY_TOKENS)
    assert (found.per_request, found.prompt_tokens) == (None, None)
    assert found.reason == "1 of its 2 answers do not tell their tokens"


def test_choices_among_given_texts_are_no_answers_with_a_text(store: duckdb.DuckDBPyConnection) -> None:
    add(store, "theirs", "t", None, choices=[-1.0, -2.0])
    assert cost(store, BY_TOKENS, "base").reason == "it answered no request with a text"
    add(store, "theirs", "t", (100, 10))
    assert cost(store, BY_TOKENS, "base").prompt_tokens == 100


def test_only_what_has_a_price_and_was_run_is_told(store: duckdb.DuckDBPyConnection) -> None:
    assert costs(store, RUNS, None, None) == ()
    assert costs(store, RUNS, None, Prices("EUR", {"elsewhere": BY_TOKENS})) == ()
    both = costs(store, RUNS, None, Prices("EUR", {"base": BY_TOKENS, "candidate": BY_TOKENS}))
    assert [one.role for one in both] == ["candidate", "base"]
