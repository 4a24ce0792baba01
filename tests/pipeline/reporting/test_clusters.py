"""Failing inputs in groups, and the words that are typical of each."""

from __future__ import annotations

from collections import Counter

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from harness.pipeline.reporting.clusters import average_linkage, clusters_of, typical

CARDS = [
    "My payment was declined in the shop",
    "Why was the payment by card declined?",
    "Payment declined again, why?",
    "The shop said that my payment is declined",
    "Every payment is declined today",
    "They declined the payment for my lunch",
]
CLOSING = [
    "Please close my account",
    "I want to close the account now",
    "How do I close this account",
    "Close my account please",
    "I am not happy, so close the account",
    "Can you close an account by phone?",
]
OTHERS = ["What is the exchange rate of the pound", "I forgot the code for my app", "Where is my new card?",
          "How is the rate found", "My phone is gone and so is the app"]  # fmt: skip


def test_two_topics_become_two_groups_with_their_own_words() -> None:
    failing = {f"s{i}": text for i, text in enumerate([*CARDS, *CLOSING, "Zebra crossing lights"])}
    found = clusters_of(failing, [*failing.values(), *OTHERS * 4])
    assert {frozenset(one.samples) for one in found} == {
        frozenset(f"s{i}" for i in range(6)),
        frozenset(f"s{i}" for i in range(6, 12)),
    }
    words = {one.samples[0]: one.words for one in found}
    assert {*words["s0"][:2]} == {"declined", "payment"}
    assert {*words["s6"][:2]} == {"account", "close"}
    assert all(one.size == len(one.samples) for one in found)


def test_few_or_unlike_inputs_make_no_group() -> None:
    assert clusters_of({"a": "one two", "b": "one two"}, ["one two"]) == ()
    assert clusters_of({"a": "alpha", "b": "beta", "c": "gamma"}, ["alpha"]) == ()
    assert clusters_of({"a": "", "b": "12 34", "c": "!?"}, [""]) == ()


def test_average_linkage_agrees_with_scipy() -> None:
    rng = np.random.default_rng(5)
    for n in (2, 17, 60):
        points = rng.normal(size=(n, 3))
        apart = np.linalg.norm(points[:, None] - points[None], axis=2)
        ours = average_linkage(apart, 1.5)
        numbers = fcluster(linkage(squareform(apart, checks=False), "average"), 1.5, "distance")
        theirs = {frozenset(np.flatnonzero(numbers == number).tolist()) for number in {*numbers.tolist()}}
        assert {frozenset(group) for group in ours} == theirs


def test_a_word_that_is_common_everywhere_is_not_typical() -> None:
    everywhere = Counter({"the": 1_000, "card": 300, "declined": 30})
    assert typical(Counter({"the": 60, "declined": 20, "card": 18, "once": 1}), everywhere)[0] == "declined"
    assert "the" not in typical(Counter({"the": 60, "declined": 20, "card": 18}), everywhere)
    assert typical(Counter({"the": 10, "card": 3}), everywhere) == ()


def test_texts_without_spaces_are_grouped_by_their_pairs_of_characters() -> None:
    refunds = ["我想申请退款", "请问怎么申请退款", "申请退款要多久", "为什么不能申请退款"]
    others = ["密码忘记了怎么办", "营业时间是几点", "我的包裹不见了", "发票金额不对"]
    failing = {f"s{i}": text for i, text in enumerate([*refunds, others[0]])}
    (found,) = clusters_of(failing, [*failing.values(), *others * 5])
    assert set(found.samples) == {f"s{i}" for i in range(4)}
    assert {"申请", "退款"} <= set(found.words)


def test_one_word_all_over_tells_nothing_apart() -> None:
    assert typical({"same": 3}, {"same": 9}) == ()
