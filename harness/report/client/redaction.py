"""Private values of a sample, blacked out wherever they occur in its texts."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from harness.core.samples import Json
from harness.report.guard import written
from harness.report.shown import Said, Shown

BLACK = "███"
LEAST = 3  # a shorter value ("2", "no") occurs by chance in every text


def redact(shown: Shown, names: Collection[str]) -> Shown:
    """The sample with the values of the columns and fields `names` replaced by ███.

    Values count wherever they stand: in the row, the target's record, or an answer's record, at any depth. Each of at
    least three characters is blacked out in every text of the sample, whatever its case and its spaces. An answer that
    should be a record and cannot be read as one is blacked out as a whole; so are target and answers where the
    target's own column is named.
    """
    hidden = {name.casefold() for name in names if name}
    if not hidden:
        return shown
    try:
        return _redacted(shown, hidden)
    except RecursionError:  # nested too deep to be walked through, so nobody knows what it holds
        said = {role: replace(one, text=BLACK, answer=BLACK, reason="") for role, one in shown.said.items()}
        return replace(shown, input=BLACK, target=BLACK, said=said, row={}, slices={})


def _redacted(shown: Shown, hidden: Collection[str]) -> Shown:
    secret = any(name.casefold() in hidden for name in shown.target_columns)
    records = [shown.row, shown.slices, *([[shown.target]] if secret else []), *map(_record, _texts(shown))]
    found = (value for record in records for value in _values(record, hidden, secret and record == [shown.target]))
    values = {value for value in found if len(value) >= LEAST}
    row = {key: _structure(value, hidden, values, key) for key, value in shown.row.items()}
    slices = {key: BLACK if key.casefold() in hidden else black(value, values) for key, value in shown.slices.items()}
    is_record = isinstance(_record(shown.target), dict | list)
    return replace(
        shown,
        id=black(shown.id, values),
        input=_input(shown, row, values),
        target=BLACK if secret else _said_text(shown.target, hidden, values, is_record),
        said={role: _said(one, hidden, values, is_record, secret) for role, one in shown.said.items()},
        row=row,
        slices=slices,
    )


def black(text: str, values: Collection[str]) -> str:
    """The text with every occurrence of a value blacked out, those that overlap as one."""
    text = unicodedata.normalize("NFC", text)
    spans = sorted(span for value in values for span in _found(text, value))
    parts, done = [], 0
    for first, last in spans:
        if last <= done:
            continue
        parts += [text[done:first], BLACK] if first >= done else []
        done = last
    return "".join([*parts, text[done:]])


def _found(text: str, value: str) -> Iterator[tuple[int, int]]:
    words = unicodedata.normalize("NFC", value).split()
    if words:
        pattern = r"\s+".join(map(re.escape, words))
        for match in re.finditer(f"(?=({pattern}))", text, re.IGNORECASE):
            yield match.span(1)


def _texts(shown: Shown) -> Iterator[str]:
    yield shown.target
    for one in shown.said.values():
        yield from (one.text, one.answer)


def _record(text: str) -> Json:
    """The text as JSON, None where it is none."""
    try:
        found: Json = json.loads(text)
        return found
    except (ValueError, RecursionError):
        return None


def _values(value: Json, hidden: Collection[str], inside: bool) -> Iterator[str]:
    """The texts of all values that stand under a hidden name."""
    if isinstance(value, str) and isinstance(record := _record(value), dict | list):
        yield from _values(record, hidden, inside)
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _values(item, hidden, inside or str(key).casefold() in hidden)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _values(item, hidden, inside)
    elif inside and value is not None and not isinstance(value, bool):
        yield written(value).strip()


def _input(shown: Shown, safe: Mapping[str, Json], values: Collection[str]) -> str:
    """The input is written from the row's columns: what is short is found by its column."""
    text = shown.input
    for name, value in shown.row.items():
        before, after = written(value), written(safe[name])
        text = after if text == before else text.replace(f"{name}: {before}", f"{name}: {after}")
    return black(text, values)


def _said(said: Said, hidden: Collection[str], values: Collection[str], is_record: bool, secret: bool) -> Said:
    text, answer = (
        BLACK if secret and text else _said_text(text, hidden, values, is_record) for text in (said.text, said.answer)
    )
    return replace(said, text=text, answer=answer, reason=black(said.reason, values))


def _said_text(text: str, hidden: Collection[str], values: Collection[str], is_record: bool) -> str:
    """A text that cannot be read as a record although it should be one may hold anything."""
    named = "|".join(map(re.escape, hidden))
    doubtful = is_record or "{" in text or re.search(rf"({named})[\"'*]*\s*[:=]", text.casefold())
    return BLACK if text and doubtful and _record(text) is None else _text(text, hidden, values)


def _text(text: str, hidden: Collection[str], values: Collection[str]) -> str:
    """A record is blacked out field by field, so that no value hides behind the escapes of JSON."""
    record = _record(text)
    if not isinstance(record, dict | list):
        return black(text, values)
    return black(json.dumps(_structure(record, hidden, values), ensure_ascii=False), values)


def _structure(value: Json, hidden: Collection[str], values: Collection[str], name: str = "") -> Json:
    if name.casefold() in hidden:
        return BLACK
    if isinstance(value, Mapping):
        return {black(str(key), values): _structure(item, hidden, values, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_structure(item, hidden, values) for item in value]
    if isinstance(value, str):
        return _text(value, hidden, values)
    text = written(value)
    return value if (covered := black(text, values)) == text else covered
