import random

import numpy as np
import pytest

from harness.data.minhash import Texts, groups, groups_of, jaccard, links
from harness.data.shingles import fold, shingles, windows, wordings, words

NONE = np.zeros(0, np.uint64)


def sentences(count: int, seed: int = 1, length: int = 30) -> list[str]:
    draw = random.Random(seed)
    known = ["".join(draw.choices("abcdefghijklmnop", k=draw.randint(2, 9))) for _ in range(3000)]
    return [" ".join(draw.choices(known, k=length)) for _ in range(count)]


def stretches(text: str) -> set[str]:
    return {text[at : at + 5] for at in range(max(1, len(text) - 4))}


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Hello,  World!", "hello world"), ("ＦＵＬＬ　width", "full width"), ("Straße", "strasse"),
        ("snake_case", "snake case"), (" … ", "…"), ("", ""), ("日本語、テキスト", "日本語 テキスト"), ("\0\0", ""),
    ],
)  # fmt: skip
def test_fold_keeps_words(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_a_window_hash_says_what_stands_in_the_window() -> None:
    values = np.array([3, 1, 4, 1, 5, 3, 1, 4, 1, 5, 9], np.uint64)
    found = windows(values, 5)
    assert found[0] == found[5]
    assert len(set(found.tolist())) == 10


def test_words_are_hashed_alike_wherever_they_stand() -> None:
    hashes, ends = words(["alpha beta", "beta", "", "gamma alpha beta ab ba"])
    assert ends.tolist() == [0, 2, 3, 3, 8]
    assert hashes[0] == hashes[4]
    assert hashes[1] == hashes[2] == hashes[5]
    assert len(set(hashes.tolist())) == 5


def test_likeness_is_that_of_the_sets() -> None:
    texts = [fold(text) for text in ("card arrived late", "cards arrived late", "a", "日本語テキスト", "aaaaaaaaaaaa")]
    hashes, ends = shingles(texts, NONE)
    left, right = np.triu_indices(len(texts))
    for a, b, found in zip(left, right, jaccard(hashes, ends, left, right), strict=True):
        one, other = stretches(texts[a]), stretches(texts[b])
        assert found == pytest.approx(len(one & other) / len(one | other))


def test_planted_copies_are_found_and_no_others() -> None:
    texts = sentences(2000)
    draw = random.Random(2)
    copies = []
    for original in draw.sample(range(2000), 300):
        changed = texts[original].split()
        changed[draw.randrange(30)] = "zebra"
        copies.append((original, len(texts)))
        texts.append(" ".join(changed))
    pairs = links(Texts(texts))
    assert sorted(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == sorted(copies)


def test_groups_reach_through_others_and_start_at_the_first() -> None:
    first = sentences(1, length=20)[0]
    second = first.replace(first.split()[3], "walrus")
    third = second.replace(second.split()[12], "heron").upper() + "."
    other = sentences(1, seed=9, length=20)[0]
    assert groups([other, first, "", second, third, other + "!", "", "…"]) == [0, 1, 2, 1, 1, 0, 6, 7]


def test_nothing_is_near_among_none_or_one() -> None:
    assert groups([]) == []
    assert groups(["alone"]) == [0]


def test_wording_that_all_rows_share_does_not_make_them_alike() -> None:
    said = "Please put this message of a customer into one of the six queues of our support desk, and answer with it: "
    texts = [said + text for text in sentences(60, length=8)]
    assert len(wordings([fold(text) for text in texts])) > 0
    assert groups([*texts, texts[7] + " x"]) == [*range(60), 7]


def test_many_copies_of_one_row_are_one_group() -> None:
    text = sentences(1)[0]
    copies = [f"{text} {number}" for number in range(3000)]
    assert set(groups(copies)) == {0}


def test_groups_do_not_depend_on_the_process() -> None:
    texts = Texts(sentences(50) + sentences(50))
    assert groups_of(links(texts), 100).tolist() == [*range(50), *range(50)]
