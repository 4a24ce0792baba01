"""Near duplicates among 1,000,000 rows, and beside `datasketch` used plainly on 100,000 of them."""

from __future__ import annotations

import random
import time

from benchmarks import NotHere

NEAR_SHARE = 0.05


def made_texts(count: int, seed: int = 1, length: int = 200) -> list[str]:
    """Texts of about `length` characters of made-up words; one in twenty is another one with a word changed."""
    draw = random.Random(seed)
    vocabulary = ["".join(draw.choices("abcdefghijklmnop", k=draw.randint(2, 9))) for _ in range(20_000)]
    found: list[str] = []
    for number in range(count):
        words = draw.choices(vocabulary, k=length * 2 // 13)
        if number and draw.random() < NEAR_SHARE:
            words = found[draw.randrange(number)].split()
            words[draw.randrange(len(words))] = draw.choice(vocabulary)
        found.append(" ".join(words))
    return found


def measure(rows: int = 1_000_000, beside: int = 100_000) -> dict[str, float]:
    """Seconds (wall) for all rows, and the time of `beside` of them over that of datasketch's."""
    texts = made_texts(rows)
    whole = _ours(texts)
    ours = _ours(texts[:beside])
    return {
        "near_duplicates_1m_seconds": whole,
        "near_duplicates_vs_datasketch_ratio": ours / _datasketch(texts[:beside]),
    }


def _ours(texts: list[str]) -> float:
    from harness.data.minhash import Texts, groups_of, links

    begin = time.perf_counter()
    held = Texts(texts)
    groups_of(links(held), len(held))
    return time.perf_counter() - begin


def _datasketch(texts: list[str]) -> float:
    """The same stretches of five characters, permutations and threshold, as datasketch's own guide does it."""
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError:
        raise NotHere("datasketch is not installed") from None
    begin = time.perf_counter()
    index = MinHashLSH(threshold=0.7, num_perm=128)
    for number, text in enumerate(texts):
        signature = MinHash(num_perm=128)
        signature.update_batch([text[at : at + 5].encode() for at in range(max(1, len(text) - 4))])
        index.query(signature)
        index.insert(number, signature)
    return time.perf_counter() - begin
