"""The one notion of a word, in every script.

Scripts that put spaces between words (Hangul too) have words of letters, digits and the marks on them. In scripts
written without spaces each character, with its marks, counts as a word: segmenting needs a dictionary of the language,
and two versions of it would give two scores. A pictograph (an emoji) is a word as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise

from harness.core.folding import caseless, folded

# Letters of the scripts that are written without spaces, without their digits and punctuation, which are as anywhere.
# Han, kana, Bopomofo, Yi and Tangut: a character is about two thirds of a word.
_IDEOGRAPHIC = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u309b-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua48c\uf900-\ufaff"
    "\U00016fe0-\U00018d08\U0001aff0-\U0001b2fb\U00020000-\U0003ffff"
)  # fmt: skip
# Thai, Lao, Tibetan, Burmese, Khmer, Tai, Javanese, Balinese and their kin: a character is about a quarter of a word.
_ALPHABETIC = (
    "\u0e01-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u0f00\u0f40-\u0f6c\u0f88-\u0f8c\u1000-\u103f\u1050-\u108f\u109a-\u109f"
    "\u1780-\u17d3\u17d7\u17dc\u1950-\u1974\u1980-\u19c9\u1a20-\u1a7e\u1aa7\u1b05-\u1b4c\ua984-\ua9b2\ua9cf\ua9e0-\ua9ef"
    "\ua9fa-\ua9fe\uaa60-\uaa7f\uaa80-\uaaaf\uaab1\uaab5-\uaab6\uaab9-\uaabd\uaac0-\uaac2\uaadb-\uaadd"
)  # fmt: skip
_PICTOGRAPHS = "\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff"
_UNSPACED = _IDEOGRAPHIC + _ALPHABETIC
_NO_SPACE, _ASCII_TOKEN = re.compile(r"\S+"), re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
_ASCII_WORD = re.compile("[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class _Patterns:
    """What words are made of, compiled."""

    word: re.Pattern[str]
    run: re.Pattern[str]  # of characters without spaces, or a word
    character: re.Pattern[str]  # of a script without spaces, with its marks
    last_character: re.Pattern[str]
    written: re.Pattern[str]
    token: re.Pattern[str]
    mark: re.Pattern[str]
    joined: re.Pattern[str]  # what a word of a script with spaces goes on with
    ideograph: re.Pattern[str]
    letter: re.Pattern[str]  # of an alphabet without spaces


@cache
def _patterns() -> _Patterns:
    """Made when the first text beyond ASCII comes: that takes a twentieth of a second."""
    mark = _marks() + "\U0001f3fb-\U0001f3ff"  # tones of skin
    spaced = rf"[^\W_{_UNSPACED}{_PICTOGRAPHS}]"
    character = rf"[{_UNSPACED}][{mark}]*"
    spaced_word = rf"{spaced}+(?:[{mark}]+{spaced}*)*"
    word = rf"{spaced_word}|[{_UNSPACED}{_PICTOGRAPHS}][{mark}]*"
    return _Patterns(
        word=re.compile(word),
        run=re.compile(rf"{spaced_word}|(?:{character})+|[{_PICTOGRAPHS}][{mark}]*"),
        character=re.compile(character),
        last_character=re.compile(rf"{character}\Z"),
        written=re.compile(rf"{character}|[^\s{_UNSPACED}]+"),
        token=re.compile(rf"(?:{word})\s*|\S\s*|\s+"),
        mark=re.compile(f"[{mark}]"),
        joined=re.compile(rf"{spaced}|[{_marks(without=_ALPHABETIC)}]"),
        ideograph=re.compile(f"[{_IDEOGRAPHIC}]"),
        letter=re.compile(f"[{_ALPHABETIC}]"),
    )


def _marks(without: str = "") -> str:
    """All combining marks but those of a class of characters, as ranges of another."""
    left_out = re.compile(f"[{without}]") if without else None
    codes = [
        code
        for code in range(0x300, 0x1E950)
        if unicodedata.category(chr(code)).startswith("M") and not (left_out and left_out.match(chr(code)))
    ]
    runs = (list(run) for _, run in groupby(enumerate(codes), lambda pair: pair[1] - pair[0]))
    return "".join(f"{chr(run[0][1])}-{chr(run[-1][1])}" for run in runs)


def words(text: str) -> list[str]:
    """The words of a text in their order, folded and without case; no punctuation."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _patterns().word.findall(caseless(text))


def terms(text: str) -> list[str]:
    """Words by which texts are told apart: as `words`, but of a run without spaces each pair of characters.

    One character alone tells little, as one letter does.
    """
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    patterns, in_order = _patterns(), list[str]()
    for run in runs(text):
        characters = patterns.character.findall(run) if is_unspaced(run[0]) else []
        in_order += map("".join, pairwise(characters)) if len(characters) > 1 else [run]
    return in_order


def runs(text: str) -> list[str]:
    """The words, where characters of scripts without spaces stay together as they stand."""
    return words(text) if text.isascii() else _patterns().run.findall(caseless(text))


def unspaced_characters() -> Iterator[int]:
    """The code of each character that is a word of its own, without the marks on them."""
    classes = _patterns()
    for first, last in ((0xE01, 0xD7FF), (0xF900, 0xFAFF), (0x16FE0, 0x1B2FB), (0x20000, 0x3FFFF)):
        for code in range(first, last + 1):
            sign = chr(code)
            if classes.ideograph.match(sign) or (classes.letter.match(sign) and not classes.mark.match(sign)):
                yield code


def written_words(text: str) -> list[str]:
    """The folded text as its words are counted in writing: what stands between spaces, with its punctuation.

    Of scripts without spaces each character counts, and what stands between them where there is a word in it.
    """
    text = folded(text)
    if not is_unspaced(text):
        return text.split()
    chunks = (_patterns().written.findall(chunk) for chunk in text.split())
    return [word for chunk in chunks for word in chunk if len(chunk) == 1 or _patterns().word.search(word)]


def word_ends(text: str) -> list[int]:
    """Where the words end as they stand in the text, not folded: of scripts without spaces each character."""
    pattern = _patterns().written if is_unspaced(text) else _NO_SPACE
    return [word.end() for word in pattern.finditer(text)]


def tokens(text: str) -> list[str]:
    """The whole text in parts, as it stands: words and single signs, each with the white space behind it."""
    return (_ASCII_TOKEN if text.isascii() else _patterns().token).findall(text)


def word_length(text: str) -> float:
    """About how many words of a language with spaces would say as much.

    An ideograph is taken for 2/3 of one, a letter of Thai or Khmer for 1/4.
    """
    return _length(written_words(text))


def _length(counted: list[str]) -> float:
    if not (beyond_ascii := [word for word in counted if not word.isascii()]):
        return len(counted)
    ideographs = sum(_patterns().ideograph.match(word) is not None for word in beyond_ascii)
    letters = sum(_patterns().letter.match(word) is not None for word in beyond_ascii)
    return len(counted) - ideographs / 3 - letters * 3 / 4


def is_unspaced(text: str) -> bool:
    """Whether a letter of a script without spaces stands in the text."""
    return not text.isascii() and _patterns().character.search(text) is not None


def holds(text: str, phrase: str) -> bool:
    """Whether a phrase stands in a text as whole words, both `caseless`.

    Only beside letters of scripts with spaces is there such a thing as a whole word; a character is never cut in two.
    """
    at = text.find(phrase)
    while at >= 0 and not _is_whole(text, at, at + len(phrase)):
        at = text.find(phrase, at + 1)
    return at >= 0


def _is_whole(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if text.isascii():
        return not (before.isalnum() or after.isalnum())
    patterns = _patterns()
    begins, ends = patterns.character.match(text, start, end), patterns.last_character.search(text, start, end)
    if patterns.mark.match(after) or (not begins and patterns.joined.match(before)):
        return False
    return bool(ends) or not patterns.joined.match(after)
