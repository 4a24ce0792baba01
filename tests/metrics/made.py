"""Items by hand."""

from __future__ import annotations

from harness import catalog
from harness.core.samples import Answer, Json, Outcome, Sample, Score
from harness.metrics.interface import Item


def scored(target: Json, value: Json, name: str = "a", repeat: int = 0) -> Item:
    """An answer that could be read."""
    return Item(Sample(name, {}, target), Answer(name, Outcome.SCORED, value, repeat=repeat))


def failed(target: Json, name: str = "f", repeat: int = 0) -> Item:
    """The model gave nothing that could be read."""
    answer = Answer(name, Outcome.MODEL_FAILED, reason="the text is not JSON", repeat=repeat)
    return Item(Sample(name, {}, target), answer)


def lost(target: Json, name: str = "l", repeat: int = 0) -> Item:
    """The infrastructure lost the sample."""
    answer = Answer(name, Outcome.NOT_EVALUATED, reason="connection reset", repeat=repeat)
    return Item(Sample(name, {}, target), answer)


def score(metric: str, *items: Item, **arguments: object) -> list[Score]:
    """The scores that a metric of the catalog gives."""
    found: list[Score] = catalog.build("metrics", metric, arguments).score(items)
    return found


def whole(metric: str, *items: Item, **arguments: object) -> list[float | None]:
    """The scores of the whole answers, without parts, in the items' order."""
    return [one.value for one in score(metric, *items, **arguments) if not one.part]
