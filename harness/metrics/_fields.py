"""Comparing extracted fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from harness.core.folding import caseless
from harness.core.json_values import same
from harness.core.samples import Json
from harness.core.words import written_words
from harness.metrics.interface import Item


def by_field(item: Item, compare: Callable[[Json, Json], float]) -> dict[str, float]:
    """`compare(answer, target)` for each field of the target. A field that is left out counts as null."""
    target, answer = item.sample.target, item.answer.value
    assert isinstance(target, Mapping)
    assert isinstance(answer, Mapping)
    return {str(name): compare(answer.get(name), wanted) for name, wanted in target.items()}


def equal(answer: Json, target: Json) -> float:
    """1 where both are the same to a reader: numbers by value; in texts, form, space and quotes do not count."""
    return float(same(answer, target))


def overlap(answer: Json, target: Json) -> float:
    """F1 of the words of two texts, without case (SQuAD's measure), of scripts without spaces of their characters.

    Never below `equal`; other values must be the same.
    """
    if same(answer, target) or not isinstance(answer, str) or not isinstance(target, str):
        return equal(answer, target)
    ours, theirs = (Counter(written_words(caseless(text))) for text in (answer, target))
    common = sum((ours & theirs).values())
    return 2 * common / (ours.total() + theirs.total()) if common else float(ours == theirs)
