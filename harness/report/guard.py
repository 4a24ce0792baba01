"""Texts of models and strangers, made safe to look at: nothing hidden, nothing endless.

Escaping is not done here: HTML is escaped where it is made.
"""

from __future__ import annotations

import json
import re
import unicodedata

PASSAGE = 2_000
LABEL = 80

# Joiners are part of ordinary words and emoji; they neither reorder nor hide text.
_HARMLESS = "\n\t\u200c\u200d"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})
_ODD = re.compile(r"[^\x20-\x7e\n]")


def visible(text: str) -> str:
    """The text with control, bidi and other unseen characters written out: ␀, or [U+202E]."""
    return _ODD.sub(lambda match: _written_out(match[0]), text)


def _written_out(character: str) -> str:
    if character in _HARMLESS or unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"[U+{code:04X}]"


def passage(text: str, limit: int = PASSAGE) -> str:
    """A text of several lines, cut after `limit` characters; what is cut is said."""
    rest = len(text) - limit
    return visible(text) if rest <= 0 else f"{visible(text[:limit])}… ({rest:,} more characters)"


def label(text: str, limit: int = LABEL) -> str:
    """A name on one line."""
    return passage(text, limit).replace("\n", "␊")


def written(value: object) -> str:
    """A value of JSON as text: texts as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
