"""Which language texts are in."""

from __future__ import annotations

from collections.abc import Sequence

OTHER = "other, or too short to tell"
LEAST = 5
_SHORTEST = 20
_LONGEST = 1_000


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
