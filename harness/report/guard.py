"""Texts of models and strangers, made safe to look at: nothing hidden, nothing endless, no key in them.

Escaping is not done here: HTML is escaped where it is made.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache, lru_cache
from itertools import groupby

from harness.core.secrets import masked

PASSAGE = 2_000
LABEL = 80
# Vietnamese, Hebrew and Tibetan need up to four marks on a letter; stacks of hundreds cover the lines around them.
MOST_MARKS = 4

_ODD = re.compile(r"[^\x20-\x7e\n]+")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})
# Blank, and of categories that are not: joiner of graphemes, fillers of Hangul, vowels of Khmer, Mongolian, Braille.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Joiners and selectors are part of words and emoji. Beside ASCII or in rows they change nothing: they carry data.
_JOINERS = "\n\t\u200c\u200d"
_IDLE_JOINER = re.compile(
    "(?:^|(?<=[\x00-\x7f\u200c\u200d]))[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f\u200c\u200d]|$)"
)
_ODD_SPACE = re.compile("[\u1680\u2000-\u200a\u205f\u3000]")


def visible(text: str) -> str:
    """The text with control, bidi and other unseen characters written out: ␀, or [U+202E]; piles of marks cut."""
    if text.isascii() and text.isprintable():
        return text
    text = _IDLE_JOINER.sub(lambda match: _code(match[0]), text)
    return _ODD.sub(lambda match: _run(match[0], match.string[max(0, match.start() - 1) : match.start()]), text)


def _run(run: str, before: str) -> str:
    """A run of characters beyond ASCII; `before` is what stands before it."""
    if run.isalnum() and _BLANK.isdisjoint(run):
        return run
    shown = []
    for is_mark, group in groupby(run, key=_is_mark):
        part = "".join(group)
        shown.append(_marks(part, before) if is_mark else "".join(map(_written_out, part)))
        before = part[-1]
    return "".join(shown)


@cache
def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


@cache
def _written_out(character: str) -> str:
    if character in _BLANK or (character not in _JOINERS and unicodedata.category(character) in _HIDDEN):
        return _code(character)
    return character


def _code(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"[U+{code:04X}]"


def _marks(marks: str, before: str) -> str:
    """Marks in a row: one selector at their head may belong to the character before; of others the first few stay."""
    if len(marks) <= MOST_MARKS and _BLANK.isdisjoint(marks) and not _SELECTORS.search(marks):
        return marks
    head = marks[0] if _SELECTORS.match(marks) and not (before.isascii() and not before.isdigit()) else ""
    rest = marks[len(head) :]
    coded = "".join(_code(one) for one in rest if one in _BLANK or _SELECTORS.match(one))
    others = [one for one in rest if one not in _BLANK and not _SELECTORS.match(one)]
    more = len(others) - MOST_MARKS
    return head + "".join(others[:MOST_MARKS]) + (f"[{more:,} more marks]" if more > 0 else "") + coded


def passage(text: str, limit: int = PASSAGE) -> str:
    """A text of several lines, cut after `limit` characters; what is cut is said. Keys are masked."""
    text = masked(text)
    rest = len(text) - limit
    return visible(text) if rest <= 0 else f"{visible(text[:limit])}… ({rest:,} more characters)"


@lru_cache(1_000)  # the names of tasks and metrics stand in many places of a page
def label(text: str, limit: int = LABEL) -> str:
    """A name on one line, without spaces that are told from others by their width alone."""
    shown = passage(text, limit).replace("\n", "␊").replace("\t", "␉")
    return shown if shown.isascii() else _ODD_SPACE.sub(lambda match: _code(match[0]), shown)


def written(value: object) -> str:
    """A value of JSON as text: texts as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
