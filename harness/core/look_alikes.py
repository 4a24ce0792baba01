"""Texts that a reader takes for one another because their characters look alike."""

from __future__ import annotations

import unicodedata

from harness.core.folding import folded

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


def skeleton(text: str) -> str:
    """What is left of a text where case and look-alike characters count as the same: compare it, never show it."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_PLAIN)
        text = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    return folded(text.casefold())
