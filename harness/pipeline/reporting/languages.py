"""Which language texts are in."""

from __future__ import annotations

import re
from collections.abc import Sequence

OTHER = "other, or too short to tell"
LEAST = 5
_SHORTEST = 20
_LONGEST = 1_000

# Words of English alone, and words that it shares with others: both together are a quarter of an English text.
_ENGLISH = """about any because been before both could did does doing from how into its only our please should than
that the their them there these they this those through very what when where which while who why with would you your
yours"""
_SHARED = """a after all and are as at be but by can do for had has have he her his i if in is it just me more my no not
of on or so to was we will"""
_ALONE, _SMALL = frozenset(_ENGLISH.split()), frozenset([*_ENGLISH.split(), *_SHARED.split()])
_FEWEST = 1 / 10
_WORD = re.compile(r"[^\W\d_]+")


def languages_of(texts: Sequence[str]) -> tuple[str, ...]:
    """The language of each text as its ISO 639-1 code ("de").

    Texts of less than 20 characters and languages of fewer than five texts are OTHER: there the detector guesses.
    """
    import py3langid

    told = [
        OTHER if len(text.strip()) < _SHORTEST else str(py3langid.classify(text[:_LONGEST])[0]) for text in texts
    ]  # fmt: skip
    common = {code for code in {*told} if told.count(code) >= LEAST}
    return tuple(code if code in common else OTHER for code in told)


def all_english(texts: Sequence[str]) -> bool:
    """Whether fewer than five of the texts that are long enough may be in another language than English.

    Then there are no languages to tell apart, and the detector is not needed, which takes a second to be read.
    """
    return sum(len(text.strip()) >= _SHORTEST and not _is_english(text[:_LONGEST]) for text in texts) < LEAST


def _is_english(text: str) -> bool:
    """Surely so: a word that only English has, and enough of its small words that no quotation makes them up."""
    words = _WORD.findall(text.casefold())
    return not _ALONE.isdisjoint(words) and sum(word in _SMALL for word in words) >= _FEWEST * len(words)
