"""Texts that a reader takes for one another: other forms of the same characters, and characters that look alike."""

from __future__ import annotations

import re
import unicodedata

# Signs without a width, that nobody sees: soft hyphens, joiners, marks of direction, the byte order mark.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")

# Letters and digits that look like one of ASCII, of the scripts of Europe: from the confusables of Unicode's technical
# standard #39 (version 15), without those that NFKC makes ASCII. Letters that one language tells apart (the Turkish ı,
# the Kazakh ү) are left out.
_LIKE = {
    "2": "ƧϨꙄꝚ", "3": "ƷȜЗӠⳌꝪꞫ", "4": "Ꮞ", "5": "Ƽ", "6": "бᏮⳒ", "8": "Ȣȣ", "9": "ⳊꝮ",
    "A": "ΑАᎪ", "B": "ΒВᏴꞴ", "C": "СᏟⲤ", "D": "Ꭰ", "E": "ΕЕᎬ", "F": "ϜꞘ", "G": "ԌᏀᏳ", "H": "ΗНᎻⲎ", "I": "ƖΙІӀⲒ",
    "J": "ͿЈᎫꞲ", "K": "ΚКᏦⲔ", "L": "ᏞⳐ", "M": "ΜϺМᎷⲘ", "N": "ΝⲚ", "O": "ΟОՕⲞ", "P": "ΡРᏢⲢ", "R": "ƦᎡᏒ", "S": "ЅՏᏕᏚ",
    "T": "ΤТᎢⲦ", "U": "Ս", "V": "ѴᏙ", "W": "ԜᎳᏔ", "X": "ΧХⲬꞳ", "Y": "ΥУᎩᎽⲨ", "Z": "ΖᏃ𐋵",
    "a": "ɑαа", "b": "ƄЬᏏ", "c": "сᴄⲥꮯ", "d": "ԁᏧ", "e": "еҽꬲ", "f": "քẝꞙꬵ", "g": "ƍɡցᶃ", "h": "һհᏂ", "i": "ɩɪιіӏᎥꙇꭵ",
    "j": "ϳј", "l": "ǀ", "n": "ոռ", "o": "οσоօᴏᴑⲟꬽ", "p": "ρрⲣ", "q": "ԛգզ", "r": "гᴦⲅꭇꭈꮁ", "s": "ƽѕꜱꮪ",
    "u": "ʋυսᴜꞟꭎꭒ", "v": "νѵᴠꮩ", "w": "ɯѡԝաᴡꮃ", "x": "х", "y": "ɣʏγуᶌỿꭚ", "z": "ᴢꮓ",
}  # fmt: skip
_PLAIN = {ord(other): letter for letter, others in _LIKE.items() for other in others}


def folded(text: str) -> str:
    """The text in one Unicode form (NFC), without unseen signs, each run of space as one, none around it."""
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFC", text))
    return " ".join(text.split())


def skeleton(text: str) -> str:
    """What is left of a text where case and look-alike characters count as the same: compare it, never show it."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_PLAIN)
        text = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    return folded(text.casefold())
