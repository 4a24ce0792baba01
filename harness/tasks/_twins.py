"""Names that a task tells apart and its readers do not: equal but for case, space or Unicode form, or look-alikes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from harness.core.folding import casefolded, folded
from harness.core.look_alikes import skeleton

# What models put around a label without meaning anything by it: quotes and full stops of all scripts (folding makes
# most of them ASCII), and the other marks that end a sentence, where more than those is left.
AROUND = " \t\r\n\"'`*.。۔।॥։።។៕၊။།༎᠃"
_MARKS = "!?¡¿؟՞՜‼⁇⁈⁉፧"


def bare(text: str) -> str:
    """The folded text without what stands around it: quotes, full stops and other marks at its ends."""
    found = folded(text).strip(AROUND)
    return found.strip(AROUND + _MARKS) or found


def plain(text: str) -> str:
    """The text as answers are compared with labels: case, Unicode form, runs of space and quotes do not count."""
    return casefolded(bare(text))


def twins(what: str, key: str, names: Iterable[str]) -> list[str]:
    """A sentence for each name under `key` that reads or looks like an earlier one. `what` is the names' kind."""
    seen: dict[str, str] = {}
    problems = []
    for name in names:
        # A capital may look like another script's where its small letter does not, so each way by itself.
        shapes = (plain(name), skeleton(bare(name)))
        first = next((seen[shape] for shape in shapes if shape in seen), None)
        if first is not None:
            problems.append(_sentence(what, key, first, name))
        seen = dict.fromkeys(shapes, name) | seen
    return problems


def _sentence(what: str, key: str, first: str, second: str) -> str:
    if first == second:
        return f"the {what} '{first}' stands twice in {key}."
    pair = f"the {what}s '{first}' and '{second}' in {key}"
    if plain(first) == plain(second):
        return f"{pair} differ only in case, space, quotes or Unicode form, so an answer could be either."
    return f"{pair} look alike ({_difference(first, second)}), so nobody sees which of them is meant."


def _difference(first: str, second: str) -> str:
    """The first characters that differ, by their names in Unicode."""
    composed = (unicodedata.normalize("NFC", name).casefold() for name in (first, second))
    pair = next((pair for pair in zip(*composed, strict=False) if pair[0] != pair[1]), ())
    return ", ".join(unicodedata.name(character, f"U+{ord(character):04X}") for character in pair) or "an unseen sign"
