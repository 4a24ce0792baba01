"""The one folding of texts: what differs in the form of its characters only, and not to a reader, becomes equal.

What carries a meaning stays apart: superscripts, fractions, circled digits, accents, and (in `folded`) case.
"""

from __future__ import annotations

import re
import unicodedata

# Signs without a width, that nobody sees: soft hyphens, joiners, marks of direction, variation selectors, fillers of
# Hangul, the byte order mark.
_UNSEEN = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xE0100, 0xE01EF),
)  # fmt: skip
_QUOTES = {
    '"': "“”„‟«»〝〞〟「」『』﹁﹂﹃﹄❝❞🙶🙷🙸״",
    "'": "‘’‚‛‹›❛❜❮❯´\u1ffdʹ\u0374ʻʼʽ՚׳",
    "-": "‐‑",  # the hyphen proper, and the one that a line does not break at
}  # fmt: skip
# Forms of one character that typesetting made: full and half width, parts of Arabic words, ligatures, radicals,
# letters of mathematics.
_FORMS = (
    "<wide>", "<narrow>", "<noBreak>", "<small>", "<vertical>", "<initial>", "<medial>", "<final>", "<isolated>",
    "<font>",
)  # fmt: skip
_TYPESET = (0xA0, 0xA1), (0x2100, 0x2150), (0x2E80, 0x2FE0), (0xFB00, 0x10000), (0x1D400, 0x1D800), (0x1EE00, 0x1EF00)
_LIGATURES, _RADICALS = range(0xFB00, 0xFB50), range(0x2E80, 0x2FE0)


def _plain_forms() -> dict[str, str]:
    """The plain form of each character that has one; "" for those that nobody sees."""
    codes = (code for first, last in _TYPESET for code in range(first, last))
    plain_forms = {
        chr(code): unicodedata.normalize("NFKC", chr(code))
        for code in codes
        if (form := unicodedata.decomposition(chr(code)).partition(" ")[0]) in _FORMS
        or (form == "<compat>" and (code in _LIGATURES or code in _RADICALS))
    }
    plain_forms |= {sign: plain for plain, signs in _QUOTES.items() for sign in signs} | {"ŉ": "'n"}
    plain_forms = {sign: plain_forms.get(plain, plain) for sign, plain in plain_forms.items()}
    return plain_forms | {chr(code): "" for first, last in _UNSEEN for code in range(first, last + 1)}


_PLAIN = _plain_forms()
_FIRST_PLANE = "".join(sorted(sign for sign in _PLAIN if ord(sign) < 0x10000))
# Beyond the first plane as ranges: one by one they would be tried on every character.
_FOLDABLE = re.compile(f"[{_FIRST_PLANE}🙶-🙸𝐀-𝟿𞸀-𞻿\U000e0100-\U000e01ef]")


def folded(text: str) -> str:
    """The text in one Unicode form (NFC), one width, one kind of quotes and of space, without signs that nobody sees.

    Each run of space is one, and none is around it. Case counts.
    """
    if not text.isascii():
        text = _FOLDABLE.sub(lambda sign: _PLAIN.get(sign[0], sign[0]), text)
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def casefolded(text: str) -> str:
    """The folded text without case."""
    if text.isascii():
        return " ".join(text.lower().split())
    return unicodedata.normalize("NFC", folded(text).casefold())


def caseless(text: str) -> str:
    """The text as `casefolded`, in which the dotted and the dotless i of Turkish are one as well.

    Their capitals are I for one language and İ for the other, so that no rule without the language tells them apart.
    """
    return casefolded(text) if text.isascii() else casefolded(text).replace("i\u0307", "i").replace("ı", "i")
