"""No row moves when others are added, and nothing that belongs together is parted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import ConfigError
from harness.data.bonds import near_bonds
from harness.data.minhash import Texts
from harness.data.split import Bonds, Earlier, Shares, Side, cuts_of, placed, salted, sides_by_time, sides_of, time_of

_SHARES = Shares(0.5, 0.2, 0.3)


@st.composite
def _rows(draw: st.DrawFn) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    count = draw(st.integers(1, 25))
    number = st.integers(0, 8)
    texts = draw(st.lists(number, min_size=count, max_size=count))
    groups = draw(st.lists(number, min_size=count, max_size=count))
    near = draw(st.lists(st.tuples(number, number).filter(lambda pair: pair[0] != pair[1]), max_size=10))
    return texts, groups, near


def _placed(
    texts: list[int], groups: list[int] | None, near: list[tuple[int, int]], earlier: Earlier | None = None
) -> list[int]:
    keys = np.array(texts if groups is None else groups, dtype=np.uint64)
    own = sides_of(salted(keys, "1"), _SHARES)
    there = [pair for pair in near if {*pair} <= {*texts}]  # pairs of what is not there are not found
    bonds = Bonds(np.array(texts), None if groups is None else np.array(groups), there)
    return [int(side) for side in placed(own, bonds, earlier)]


@given(_rows(), st.integers(0, 25), st.booleans())
def test_rows_added_behind_move_none(
    rows: tuple[list[int], list[int], list[tuple[int, int]]], first: int, grouped: bool
) -> None:
    texts, groups, near = rows
    whole = _placed(texts, groups if grouped else None, near)
    assert _placed(texts[:first], groups[:first] if grouped else None, near) == whole[:first]


@given(_rows(), st.randoms(use_true_random=False), st.integers(1, 25), st.booleans())
def test_rows_added_anywhere_move_none_that_was_placed(
    rows: tuple[list[int], list[int], list[tuple[int, int]]], random: object, first: int, grouped: bool
) -> None:
    texts, groups, near = rows
    before = _placed(texts[:first], groups[:first] if grouped else None, near)
    order = list(range(len(texts)))
    random.shuffle(order)  # type: ignore[attr-defined]
    known = {text: side for text, side in zip(texts, before, strict=False) if side >= 0}
    whose = {group: side for group, side in zip(groups, before, strict=False) if side >= 0} if grouped else {}
    earlier = Earlier(np.array([known.get(texts[i], -1) for i in order]), whose)
    after = _placed([texts[i] for i in order], [groups[i] for i in order] if grouped else None, near, earlier)
    of_row = dict(zip(order, after, strict=True))
    assert all(of_row[i] == side for i, side in enumerate(before) if side >= 0)


@given(_rows(), st.booleans())
def test_what_belongs_together_is_on_one_side(
    rows: tuple[list[int], list[int], list[tuple[int, int]]], grouped: bool
) -> None:
    texts, groups, near = rows
    sides = _placed(texts, groups if grouped else None, near)
    kept = [i for i, side in enumerate(sides) if side != Side.LEFT_OUT]
    bound = {(min(pair), max(pair)) for pair in near}
    for i in kept:
        for j in kept:
            same = texts[i] == texts[j] or (min(texts[i], texts[j]), max(texts[i], texts[j])) in bound
            assert not (same or (grouped and groups[i] == groups[j])) or sides[i] == sides[j]


def test_shares_are_kept_on_average() -> None:
    hashes = salted(np.arange(100_000, dtype=np.uint64), "1")
    shares = np.bincount(sides_of(hashes, Shares.read("80/10/10")), minlength=3) / 100_000
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.004)
    assert not np.array_equal(hashes, salted(np.arange(100_000, dtype=np.uint64), "2"))


def test_a_row_without_bonds_stays_where_its_hash_is() -> None:
    own = np.array([0, 1, 2, 0])
    assert placed(own, Bonds(np.arange(4))).tolist() == [0, 1, 2, 0]


def test_a_row_that_joins_two_sides_goes_to_neither() -> None:
    assert placed(np.array([0, 2, 0]), Bonds(np.arange(3), None, [(0, 2), (1, 2)])).tolist() == [0, 2, Side.LEFT_OUT]


def test_by_time_the_oldest_train_and_a_near_copy_across_the_cut_is_left_out() -> None:
    times = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    own = sides_by_time(times, cuts_of(times, Shares.read("60/20/20")))
    assert own.tolist() == [2, 0, 1, 0, 0]
    bonds = Bonds(np.arange(5), None, [(0, 1)])
    assert placed(own, bonds, strict=True).tolist() == [2, Side.LEFT_OUT, 1, 0, 0]


def test_times_of_any_kind() -> None:
    assert time_of("1970-01-01T01:00:00+01:00") == 0.0
    assert time_of("1970-01-02") == 86_400.0
    assert [time_of(value) for value in (7, "soon", True, None, float("nan"))] == [7.0, None, None, None, None]


@pytest.mark.parametrize("text", ["80/10", "a/b/c", "0/50/50", "80/10/-10", "nan/1/1", "80 10 10"])
def test_shares_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="80/10/10"):
        Shares.read(text)


def test_near_pairs_are_of_near_texts_only() -> None:
    base = "the delivery of my second order has not arrived at the new address in the harbour street"
    texts = [base, f"{base} yet", "how do I change the card that my plan is billed to", base.upper()]
    numbers, near = near_bonds(Texts(texts))
    assert numbers.tolist() == [0, 1, 2, 0]
    assert near == [(0, 1)]


def test_of_a_chain_the_ends_are_no_pair() -> None:
    words = [f"{number * 2654435761 % 2**32:x}" for number in range(60)]
    chain = [" ".join(words[start : start + 40]) for start in (0, 4, 8)]
    _, near = near_bonds(Texts(chain))
    assert near == [(0, 1), (1, 2)]


def test_a_very_large_group_counts_as_one_text() -> None:
    words = [f"{number * 2654435761 % 2**32:x}" for number in range(1_040)]
    chain = [" ".join(words[start : start + 40]) for start in range(1_000)]
    numbers, near = near_bonds(Texts([*chain, "something else altogether"]))
    assert (numbers[:1_000] == 0).all()
    assert numbers[1_000] == 1_000
    assert near == []
