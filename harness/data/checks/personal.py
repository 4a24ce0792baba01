"""Personal data and secrets: e-mail addresses, telephone, card and account numbers, keys. Values are never told."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from harness.core.secret_kinds import KINDS
from harness.core.secrets import masked
from harness.data.checks.interface import Setting
from harness.data.findings import MOST_PLACES, DataFinding, RowPlace, Severity
from harness.data.rows import DataRow

_BETWEEN = "\n\0\n"
_LOCAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}$")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")
# RFC 2606 keeps these for examples, so nobody's address has them.
_NOBODY = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)$", re.IGNORECASE)
# Card, account and telephone numbers all have so many digits in a row: one quick search for rows to look at closely.
_DIGITS = re.compile(r"[0-9](?:[ ./()-]{0,3}[0-9]){6}")
_CARD = re.compile(r"(?<![0-9.,+-])[2-6](?:[ -]?[0-9]){12,18}(?![0-9]|[.,-][0-9])")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])")
_PHONE = re.compile(
    r"(?<![\w.,+-])(?<![0-9] )(?:(?:\+|00)[1-9](?:[ ./()-]{0,3}[0-9]){7,13}"
    r"|\([0-9]{2,5}\)[ .-]?[0-9]{3,4}[ .-]?[0-9]{3,4}"
    r"|[2-9][0-9]{2}[ .-][2-9][0-9]{2}[ .-][0-9]{4})(?![\w-]|[.,][0-9])"
)
_MASK = re.compile(r"\[masked:\w+:[0-9a-f]{6}\]")


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    severity: Severity
    advice: str


_PLACEHOLDER = "Replace it by a placeholder in the source"
EMAIL = _Kind("an e-mail address", Severity.WARNING, f"{_PLACEHOLDER}, unless it is made up.")
PHONE = _Kind("a telephone number", Severity.WARNING, f"{_PLACEHOLDER}, unless it is made up.")
CARD = _Kind(
    "a card number with a valid check digit", Severity.ERROR, f"{_PLACEHOLDER}, or leave the rows out with --fix."
)
IBAN = _Kind(
    "an account number (IBAN) with valid check digits",
    Severity.ERROR,
    f"{_PLACEHOLDER}, or leave the rows out with --fix.",
)
KEY = _Kind(
    "a key, token or password",
    Severity.ERROR,
    f"Revoke it where it is in use. {_PLACEHOLDER}, or leave the rows out with --fix.",
)


@dataclass(slots=True)
class _Found:
    """Rows of one kind. All places are kept only where they can be dropped."""

    count: int = 0
    places: list[RowPlace] = field(default_factory=list)


class Check:
    """Each kind is looked for in all turns of all rows; of a batch as one text, which is several times as quick."""

    def __init__(self, setting: Setting) -> None:
        self._found = {kind.name: _Found() for kind in (KEY, CARD, IBAN, EMAIL, PHONE)}

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        texts = [text_of(row) for row in rows]
        starts = list(accumulate((len(text) + len(_BETWEEN) for text in texts), initial=0))[:-1]
        whole = _BETWEEN.join(texts)
        numbers = _rows_at((match.start() for match in _DIGITS.finditer(whole)), starts)
        self._note(EMAIL, rows, _rows_at(_emails(whole), starts))
        self._note(CARD, rows, (i for i in numbers if any(map(is_card, _CARD.findall(texts[i])))))
        self._note(IBAN, rows, (i for i in numbers if any(map(is_iban, _IBAN.findall(texts[i])))))
        self._note(PHONE, rows, (i for i in numbers if _PHONE.search(texts[i])))
        self._note(KEY, rows, _rows_at(_keys(whole, starts, texts), starts))

    def _note(self, kind: _Kind, rows: Sequence[DataRow], numbers: Iterable[int]) -> None:
        found = self._found[kind.name]
        for number in numbers:
            found.count += 1
            if kind.severity is Severity.ERROR or len(found.places) < MOST_PLACES:
                found.places.append(RowPlace(rows[number].file, rows[number].line))

    def findings(self) -> Iterator[DataFinding]:
        """One for each kind that some row holds, the gravest first."""
        for kind in (KEY, CARD, IBAN, EMAIL, PHONE):
            found = self._found[kind.name]
            if found.count:
                rows = "1 row holds" if found.count == 1 else f"{found.count:,} rows hold"
                drop = tuple(found.places) if kind.severity is Severity.ERROR else ()
                shown = tuple(found.places[:MOST_PLACES])
                message = f"{rows} {kind.name}: the model can learn it and tell it."
                yield DataFinding("personal", kind.severity, message, kind.advice, shown, found.count, drop)


def text_of(row: DataRow) -> str:
    """All that a row teaches: its turns, or input and target where it has none."""
    return "\n".join(text for _, text in row.turns) if row.turns else f"{row.input}\n{row.target}"


def _rows_at(places: Iterable[int], starts: Sequence[int]) -> list[int]:
    """The numbers of the rows that these places of the whole text lie in."""
    return sorted({bisect_right(starts, place) - 1 for place in places})


def _emails(whole: str) -> Iterator[int]:
    at = whole.find("@")
    while at >= 0:
        domain = _DOMAIN.match(whole, at + 1, at + 256)
        if domain and _LOCAL.search(whole[max(0, at - 64) : at]) and not _NOBODY.search(domain[0]):
            yield at
        at = whole.find("@", at + 1)


def is_card(text: str) -> bool:
    """Whether the digits of a text are a card number by Luhn's check digit; one digit repeated is none."""
    digits = [int(one) for one in text if one.isdigit()]
    doubled = (sum(divmod(2 * one, 10)) for one in digits[-2::-2])
    return len({*digits}) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether a text begins with an account number of ISO 13616 whose check digits are right (mod 97).

    Words in capitals after the number are no part of it, so each length from 15 characters on is tried where a space
    or the end follows.
    """
    ends = [place for place in range(len(text) + 1) if place == len(text) or text[place] == " "]
    numbers = (text[:end].replace(" ", "") for end in ends)
    return any(int("".join(str(int(c, 36)) for c in n[4:] + n[:4])) % 97 == 1 for n in numbers if 15 <= len(n) <= 34)


def _keys(whole: str, starts: Sequence[int], texts: Sequence[str]) -> Iterator[int]:
    """Only rows that hold what some kind of key begins with are looked at closely."""
    low, near = whole.lower(), set[int]()
    if len(low) != len(whole):  # some letters have two in small: then places are others
        near.update(range(len(texts)))
    for hint in {kind.hint for kind in KINDS}:
        at = low.find(hint)
        while at >= 0 and len(near) < len(texts):
            number = bisect_right(starts, at) - 1
            near.add(number)
            at = low.find(hint, starts[number + 1]) if number + 1 < len(starts) else -1
    for number in near:
        text = texts[number]
        if len(_MASK.findall(masked(text))) > len(_MASK.findall(text)):
            yield starts[number]
