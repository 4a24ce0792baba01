from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.embedded.grouping import Limits, Need, choose_group

needs = st.lists(st.builds(lambda p, n: Need(p, p + n), st.integers(1, 300), st.integers(1, 100)), max_size=40)
LIMITS = Limits(batch_size=8, prefill_tokens=512, batch_total_tokens=2000)


@given(needs, needs.map(lambda rows: rows[:8]))
def test_a_group_stays_within_every_limit(waiting: list[Need], running: list[Need]) -> None:
    group = [waiting[index] for index in choose_group(waiting, running, LIMITS)]
    if len(group) > 1:
        assert len(group) * max(need.prompt for need in group) <= LIMITS.prefill_tokens
    if group and running:
        rows = running + group
        assert len(rows) <= LIMITS.batch_size
        assert len(rows) * max(need.total for need in rows) <= LIMITS.batch_total_tokens


@given(needs.filter(bool))
def test_the_oldest_runs_when_nothing_else_does(waiting: list[Need]) -> None:
    assert choose_group(waiting, [], LIMITS)[0] == 0


def test_similar_lengths_go_together() -> None:
    waiting = [Need(length, length + 1) for length in (100, 10, 98, 400, 101)]
    assert choose_group(waiting, [], LIMITS) == [0, 4, 2, 1]


def test_a_prompt_larger_than_the_budget_goes_alone() -> None:
    assert choose_group([Need(600, 700), Need(600, 700)], [], LIMITS) == [0]
