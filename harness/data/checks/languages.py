"""Which languages rows are in, and rows that ask in one language and teach an answer in another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from harness.data.checks.interface import Setting
from harness.data.draw import Draw
from harness.data.findings import MOST_PLACES, DataFinding, RowPlace, Severity
from harness.data.rows import DataRow

MOST_READ = 2_000
_SHORTEST = 40  # characters below which the detector guesses
_LONGEST = 1_000
_CERTAIN = 0.98
_TOLD = 6


class Check:
    """Rows are drawn: a text takes the detector a fifth of a millisecond."""

    def __init__(self, setting: Setting) -> None:
        self._draw = Draw(MOST_READ, setting.seed)

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self._draw.look(rows)

    def findings(self) -> Iterator[DataFinding]:
        """Rows of two languages where those are the exception, then the shares."""
        rows = self._draw.rows
        asked = [language(row.input) for row in rows]
        taught = [language(row.target) for row in rows]
        both = [i for i in range(len(rows)) if asked[i] and taught[i]]
        apart = [i for i in both if asked[i] != taught[i]]
        if apart:
            yield self._apart(rows, [(i, asked[i], taught[i]) for i in apart], rule=2 * len(apart) > len(both))
        if rows:
            shares = _shares(asked)
            yield DataFinding(
                "languages",
                Severity.NOTE,
                f"Languages of the inputs of {self._draw.said}: {shares}.",
                "Compare with the traffic that the model will meet.",
                count=len(rows),
            )

    def _apart(self, rows: Sequence[DataRow], apart: Sequence[tuple[int, str, str]], *, rule: bool) -> DataFinding:
        pairs = Counter((asked, taught) for _, asked, taught in apart).most_common(_TOLD)
        told = ", ".join(f"{asked} → {taught} {count:,}" for (asked, taught), count in pairs)
        verb = "asks in one language and teaches" if len(apart) == 1 else "ask in one language and teach"
        message = f"{len(apart):,} of {self._draw.said} {verb} an answer in another ({told})."
        severity = Severity.NOTE if rule else Severity.WARNING  # a task of translation, or of one language of answers
        places = tuple(RowPlace(rows[i].file, rows[i].line) for i, _, _ in apart[:MOST_PLACES])
        return DataFinding("languages", severity, message, "Look whether that is meant.", places, len(apart))


def language(text: str) -> str:
    """The language as its ISO 639-1 code ("de"); "" for what is short, mostly no prose, or not certain."""
    text = text.strip()[:_LONGEST]
    letters = sum(map(str.isalpha, text)) + text.count(" ")
    if len(text) < _SHORTEST or letters < 0.7 * len(text):
        return ""
    code, certain = _detector().classify(text)
    return str(code) if certain >= _CERTAIN else ""


@cache
def _detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _shares(codes: Sequence[str]) -> str:
    counts = Counter(codes)
    unknown = counts.pop("", 0)
    named = [f"{code} {count / len(codes):.1%}" for code, count in counts.most_common(_TOLD)]
    others = sum(count for _, count in counts.most_common()[_TOLD:])
    named += [f"others {others / len(codes):.1%}"] if others else []
    return ", ".join([*named, f"too short or mixed to tell {unknown / len(codes):.1%}"] if unknown else named)
