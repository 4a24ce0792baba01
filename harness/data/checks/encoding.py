"""Characters that a program broke: text decoded twice, lost characters, invisible ones, accents in two forms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from harness.data.checks._found import Hits
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

# The first byte of a UTF-8 character read as Windows-1252 or Latin-1, and what can follow it.
_TAIL = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_TWICE = re.compile(f"[Â-ß]{_TAIL}|[à-ï]{_TAIL}{{2}}|[ð-ô]{_TAIL}{{3}}")
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ufeff\u200b\u2060\u202a-\u202e\u2066-\u2069]")
_LOST = "\ufffd"
_WARNING = Severity.WARNING


def mended(text: str) -> str:
    """The text with double decoding undone, invisible characters taken out and accents composed (NFC)."""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _HIDDEN.sub("", _TWICE.sub(lambda match: _once(match[0]), text)))


def _once(text: str) -> str:
    """A broken character made whole; the text itself where it is none."""
    for code in ("cp1252", "latin-1"):
        try:
            found = text.encode(code).decode("utf-8")
        except ValueError:
            continue
        return found
    return text


def is_twice(text: str) -> bool:
    """Whether the text holds a character of UTF-8 that was decoded as Windows-1252 or Latin-1."""
    return any(_once(match[0]) != match[0] for match in _TWICE.finditer(text))


class Check:
    """Looks at each text; those in plain ASCII need one glance."""

    def __init__(self, setting: Setting) -> None:
        self._twice, self._lost, self._hidden = Hits(), Hits(), Hits()
        self._apart, self._composed = Hits(), 0

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        for row in rows:
            text = f"{row.input} {row.target}"
            if not (text.isascii() and text.isprintable()):
                self._look_closely(text, row)

    def _look_closely(self, text: str, row: DataRow) -> None:
        if _HIDDEN.search(text) and not is_twice(text):
            self._hidden.add(row)
        if text.isascii():
            return
        if is_twice(text):
            self._twice.add(row)
        if _LOST in text:
            self._lost.add(row)
        if unicodedata.is_normalized("NFC", text):
            self._composed += 1
        else:
            self._apart.add(row)

    def findings(self) -> Iterator[DataFinding]:
        """What is broken, then what is only unlike."""
        message = "{rows} with characters that were decoded twice (such as 'Ã¼' for 'ü')."
        yield from self._twice.finding(
            "encoding", _WARNING, message, "Export them anew as UTF-8, or mend with `--fix`."
        )
        message = "{rows} with the sign for a lost character (U+FFFD)."
        yield from self._lost.finding(
            "encoding", _WARNING, message, "Export them anew as UTF-8: what is lost can't be mended."
        )
        message = "{rows} with invisible characters (control characters, a byte order mark, or marks of direction)."
        yield from self._hidden.finding("encoding", _WARNING, message, "Take them out (`--fix` does).")
        if self._composed:
            message = "{rows} with letters and accents apart (Unicode NFD), while others have them composed (NFC)."
            advice = "Use NFC throughout (`--fix` does): a tokenizer reads the two forms unlike."
            yield from self._apart.finding("encoding", _WARNING, message, advice)
