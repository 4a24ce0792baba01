"""Where an answer differs from its target: word by word, or field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from harness.core.words import tokens

MISSING, ADDED = "missing", "added"
_ALIKE = 0.3


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer. `kind` is "" (as in the target), "added" (not in it), or "missing" (only in it)."""

    text: str
    kind: str = ""


def pieces(target: str, answer: str) -> tuple[Piece, ...]:
    """The answer in order, with what is missing of the target where it should stand.

    Words (of scripts without spaces characters) are held against each other as they are written; the white space after
    them does not count. Texts that have little in common are given as one piece: every word would be marked.
    """
    if target == answer:
        return (Piece(answer),)
    theirs, ours = tokens(target), tokens(answer)
    matcher = SequenceMatcher(None, [one.rstrip() for one in theirs], [one.rstrip() for one in ours], autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE or matcher.ratio() < _ALIKE:
        return (Piece(answer),)
    return tuple(_told(matcher, theirs, ours))


def _told(matcher: SequenceMatcher[str], theirs: list[str], ours: list[str]) -> Iterator[Piece]:
    for kind, first, last, start, stop in matcher.get_opcodes():
        if kind == "equal":
            yield Piece("".join(ours[start:stop]))
            continue
        if last > first:
            yield Piece("".join(theirs[first:last]), MISSING)
        if stop > start:
            yield Piece("".join(ours[start:stop]), ADDED)


def record(text: str) -> dict[str, object] | None:
    """A text that is a JSON object; None where it is something else."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
