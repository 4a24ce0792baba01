"""Prompts as one sequence: what they share is in it once, and no padding is.

Sorted prompts share most with their neighbours, so each one's own tokens follow the neighbour's path up to
where the two part. A path lists a prompt's columns in order; columns below `start` are already computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """New tokens `first:stop` of the pack that follow each other; `path` ends with their columns."""

    first: int
    stop: int
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """New tokens with their positions and, for each, the column before it; a path for each prompt."""

    start: int
    tokens: list[int]
    positions: list[int]
    parents: list[int]
    segments: list[Segment]
    paths: list[list[int]]


def same(one: Sequence[int], other: Sequence[int]) -> int:
    """How many first tokens two prompts share."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def pack(prompts: Sequence[Sequence[int]], start: int = 0) -> Pack:
    """Lay out `prompts`, whose first `start` tokens are the same and known; each must be longer than that."""
    result = Pack(start, [], [], [], [], [[] for _ in prompts])
    before: Sequence[int] = prompts[0][:start]
    path = list(range(start))
    for row in sorted(range(len(prompts)), key=lambda index: list(prompts[index])):
        prompt = prompts[row]
        shared = same(before, prompt)
        first = len(result.tokens)
        stop = first + len(prompt) - shared
        path = path[:shared] + list(range(start + first, start + stop))
        if stop > first:
            result.tokens.extend(prompt[shared:])
            result.positions.extend(range(shared, len(prompt)))
            result.parents.extend([-1, *path][shared : len(prompt)])
            result.segments.append(Segment(first, stop, tuple(path)))
        result.paths[row] = path
        before = prompt
    return result
