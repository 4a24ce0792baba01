"""Rows of a batch as one sequence without padding: what rows begin with in common stands in it once.

Under causal attention a token's hidden state depends on the tokens before it alone, so rows that begin alike share
the states of their beginning, and the gradients of all of them add up there: the loss is that of the padded batch.

The embedded server packs prompts alike (`embedded/packing.py`). It is an outside system, so neither imports the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """Tokens `first:stop` of the pack, which follow each other; they attend to the columns `path`, theirs last."""

    first: int
    stop: int
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """Token ids and positions `[columns]`, and for each row the columns of its tokens in their order."""

    tokens: tuple[int, ...]
    positions: tuple[int, ...]
    segments: tuple[Segment, ...]
    paths: tuple[tuple[int, ...], ...]


def pack(rows: Sequence[Sequence[int]]) -> Pack:
    """Lay out token rows. Sorted rows share most with their neighbours, so each continues its neighbour's path."""
    tokens: list[int] = []
    positions: list[int] = []
    segments: list[Segment] = []
    paths: list[tuple[int, ...]] = [()] * len(rows)
    previous: Sequence[int] = ()
    path: tuple[int, ...] = ()
    for index in sorted(range(len(rows)), key=lambda index: tuple(rows[index])):
        row = rows[index]
        shared = common_length(previous, row)
        first, stop = len(tokens), len(tokens) + len(row) - shared
        path = (*path[:shared], *range(first, stop))
        if stop > first:
            tokens.extend(row[shared:])
            positions.extend(range(shared, len(row)))
            segments.append(Segment(first, stop, path))
        paths[index], previous = path, row
    return Pack(tuple(tokens), tuple(positions), tuple(segments), tuple(paths))


def common_length(row: Sequence[int], other: Sequence[int]) -> int:
    """How many first tokens two rows have in common."""
    pairs = enumerate(zip(row, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(row), len(other)))
