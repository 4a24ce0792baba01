"""Comparing extracted fields."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping

from harness.core.samples import Json
from harness.metrics.interface import Item


def by_field(item: Item, compare: Callable[[Json, Json], float]) -> dict[str, float]:
    """`compare(answer, target)` for each field of the target. A field that is left out counts as null."""
    target, answer = item.sample.target, item.answer.value
    assert isinstance(target, Mapping)
    assert isinstance(answer, Mapping)
    return {str(name): compare(answer.get(name), wanted) for name, wanted in target.items()}


def same(answer: Json, target: Json) -> float:
    """1 where both are equal; in texts, Unicode form and runs of space do not count, case does."""
    return float(_plain(answer) == _plain(target))


def overlap(answer: Json, target: Json) -> float:
    """F1 of the lower-case words of two texts (SQuAD's measure); other values must be the same."""
    if not isinstance(answer, str) or not isinstance(target, str):
        return same(answer, target)
    ours, theirs = Counter(answer.casefold().split()), Counter(target.casefold().split())
    common = sum((ours & theirs).values())
    return 2 * common / (ours.total() + theirs.total()) if common else float(ours == theirs)


def _plain(value: Json) -> str:
    if isinstance(value, str):
        value = " ".join(unicodedata.normalize("NFC", value).split())
    return json.dumps(value, sort_keys=True)
