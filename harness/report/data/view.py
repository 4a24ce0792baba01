"""The data report as facts and tables: texts that are ready to be shown, on a page or on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.ids import short
from harness.report import words
from harness.report.data.numbers import DataReport, Drift, DriftValue, FoundInData, RowSet
from harness.report.guard import label
from harness.report.numbers import Lengths
from harness.report.page import Cell, Fact, Table, anchor, heads, missing, number

_LABELS = 60
_LEAKS = 500
_PLACES = 6
_ALIKE = 30
_CHANCE = 0.01
_COPIES = ("exact", "near", "contradictions", "patterns")
_ALL_TASKS = "all rows"
_CLEAN = "No sample of a suite stands in what is taught."
_UNSEARCHED = "Samples were not looked for, so nothing is known: some rows can't be read."


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the page; a text of `none` stands where there is no table."""

    id: str
    title: str
    tables: tuple[Table, ...]
    none: str = ""


@dataclass(frozen=True, slots=True)
class DataView:
    """The page: its title, what stands at its head, and its sections. `notices` are what a reader must see first."""

    title: str
    release: str
    facts: tuple[Fact, ...]
    notices: tuple[str, ...]
    parts: tuple[Part, ...]


def build_data_report(found: DataReport) -> DataView:
    """The view of a data report; the same numbers give the same view."""
    copies = [one for one in found.findings if one.check in _COPIES]
    others = [one for one in found.findings if one.check not in _COPIES]
    parts = (
        _part("Rows", [_rows(found), _files(found)]),
        _part("Balance", _balances(found.sets), "No targets are labels."),
        _part("Lengths", _lengths(found)),
        _part("Copies and contradictions", [_findings("Copies and contradictions", copies)] if copies else [],
              "None were found."),
        _part("Contamination", _contamination(found), _CLEAN if found.searched else _UNSEARCHED),
        _part("Drift", [_drift(found.drift)] if found.drift else [], "No task has rows on two sides."),
        _part("Other findings", [_findings("Other findings", others)] if others else [], "None were found."),
    )  # fmt: skip
    notices = (*map(label, found.unreadable), *map(label, found.notes))
    return DataView(f"Data of {label(found.release)}", label(found.release), _facts(found), notices, parts)


def _part(title: str, tables: Sequence[Table], none: str = "") -> Part:
    return Part(anchor("data", title), title, tuple(tables), none)


def _facts(found: DataReport) -> tuple[Fact, ...]:
    severities = Counter(one.severity for one in found.findings)
    severities["error"] += len(found.unreadable)
    leaked = len({(one.task, one.sample) for one in found.leaks})
    by_side = Counter[str]()
    for one in found.sets:
        by_side[one.side] += one.rows
    return (
        *(Fact(side.capitalize(), words.count(count, "row")) for side, count in by_side.items()),
        Fact("Findings", words.count(severities["error"], "error"),
             f"{words.count(severities['warning'], 'warning')}, {words.count(severities['note'], 'note')}"),
        Fact("Leaked", words.count(leaked, "sample") if found.searched else "not known", f"{found.allowed:,} allowed"),
        Fact("Made", words.when(found.made)),
    )  # fmt: skip


def _rows(found: DataReport) -> Table:
    rows = tuple(
        (
            Cell(_task(one.task)),
            Cell(one.side),
            number(f"{one.rows:,}"),
            number(f"{len(one.labels):,}" or words.NOTHING),
        )
        for one in found.sets
    )
    head = (Cell("Task"), Cell("Side"), Cell("Rows", "number"), Cell("Labels", "number"))
    note = "A training row is of the task whose system prompt it has."
    return Table("Rows by task and side", head, rows, note if len(found.sets) > 1 else "")


def _files(found: DataReport) -> Table:
    rows = tuple(
        (Cell(label(one.name)), Cell(one.side), number(f"{one.rows:,}"), Cell(short(one.digest) or "unknown", "digest"))
        for one in found.files
    )
    return Table("Files", (Cell("File"), Cell("Side"), Cell("Rows", "number"), Cell("Digest")), rows)


def _balances(sets: Sequence[RowSet]) -> list[Table]:
    tasks = dict.fromkeys(one.task for one in sets if one.labels)
    return [_balance(task, [one for one in sets if one.task == task and one.labels]) for task in tasks]


def _balance(task: str, sides: Sequence[RowSet]) -> Table:
    known = Counter[str]()
    for side in sides:
        known.update(side.labels)
    rows = tuple((Cell(label(name)), *(_share(side, name) for side in sides)) for name, _ in known.most_common(_LABELS))
    left = len(known) - len(rows)
    note = f"{words.count(left, 'more label')} not shown." if left > 0 else ""
    return Table(f"Labels of {_task(task)}", heads("Label", *(side.side for side in sides)), rows, note)


def _share(side: RowSet, name: str) -> Cell:
    count, whole = side.labels.get(name, 0), sum(side.labels.values())
    return number(words.percent(count / whole), f"{count:,}") if count else number("none")


def _lengths(found: DataReport) -> list[Table]:
    head = (
        Cell("Task"),
        Cell("Side"),
        *(Cell(name, "number") for name in ("Shortest", "Middle", "95 % up to", "Longest")),
    )
    tables = [
        Table(f"{title}, in characters", head, tuple(_length_row(one, lengths) for one in found.sets
              if (lengths := getattr(one, field)) is not None))
        for title, field in (("Inputs", "inputs"), ("Targets", "targets"))
    ]  # fmt: skip
    if any(one.tokens for one in found.sets):
        limit = f"{found.context:,} tokens" if found.context else "unknown"
        rows = tuple((*_length_row(one, one.tokens), _too_long(one, found.context)) for one in found.sets if one.tokens)
        note = (
            f"The training's context is {limit}. Counted after the chat template, on at most 2,000 rows of each; "
            "the findings tell of all training rows that are too long."
        )
        tables.append(Table("Rows, in tokens", (*head, Cell("Beyond the context", "number")), rows, note))
    return tables


def _length_row(one: RowSet, lengths: Lengths) -> tuple[Cell, ...]:
    values = (lengths.least, lengths.middle, lengths.p95, lengths.most)
    return (Cell(_task(one.task)), Cell(one.side), *(number(f"{value:,}") for value in values))


def _too_long(one: RowSet, context: int | None) -> Cell:
    return missing("no context is known") if context is None else number(f"{one.too_long:,}", f"of {one.drawn:,}")


def _contamination(found: DataReport) -> list[Table]:
    if not found.leaks:
        return []
    kinds = tuple(dict.fromkeys(one.kind for one in found.leaks))
    tasks = tuple(dict.fromkeys(one.task for one in found.leaks))
    pairs = Counter((one.task, one.kind) for one in found.leaks)
    samples = {task: len({one.sample for one in found.leaks if one.task == task}) for task in tasks}
    summed = tuple(
        (Cell(label(task)), number(f"{samples[task]:,}"), *(number(f"{pairs[task, kind]:,}") for kind in kinds))
        for task in tasks
    )
    listed = tuple(
        (Cell(label(one.place)), Cell(label(one.sentence, 1_000), "sentence")) for one in found.leaks[:_LEAKS]
    )
    left = len(found.leaks) - len(listed)
    note = f"{words.count(left, 'more pair')} not shown; `harness data leaks` lists all." if left else ""
    return [
        Table("Leaked samples, and pairs by kind", heads("Task", "Samples", *kinds), summed),
        Table("Each pair", (Cell("Row"), Cell("What it holds")), listed, note),
    ]


def _drift(found: Sequence[Drift]) -> Table:
    rows = tuple(
        (
            Cell(_task(one.task)),
            Cell(f"{one.sides[0]} and {one.sides[1]}", "", f"{one.rows[0]:,} and {one.rows[1]:,} rows"),
            _distance(one.labels),
            _distance(one.lengths),
            _distance(one.words),
        )
        for one in found
    )
    note = (
        "Labels: total variation of their shares. Lengths: the largest difference of the distributions (Kolmogorov and "
        "Smirnov). Words: Jensen-Shannon distance of unigram shares. All run from 0 (alike) to 1 (nothing in common). "
        "Below stands what 95 of 100 chance splits of the same rows stay under; “apart” marks what at most "
        f"{words.plain_share(_CHANCE)} of them reach."
    )
    head = (Cell("Task"), Cell("Sides"), *(Cell(name, "number") for name in ("Labels", "Lengths", "Words")))
    return Table("How far the sides lie apart", head, rows, note)


def _distance(found: DriftValue | None) -> Cell:
    if found is None:
        return number(words.NOTHING, "no labels")
    far = found.p <= _CHANCE
    return Cell(f"{found.value:.3f}{' apart' if far else ''}", "number", f"by chance {found.usual:.3f}")


def _findings(caption: str, found: Sequence[FoundInData]) -> Table:
    alike: dict[tuple[str, str, str, str], list[FoundInData]] = {}
    for one in found:
        alike.setdefault((one.severity, one.check, one.message, one.advice), []).append(one)
    rows = tuple(
        (
            Cell(severity),
            Cell(check),
            Cell(label(message, 1_000), "sentence", label(advice, 1_000)),
            Cell(_places(group)),
        )
        for (severity, check, message, advice), group in alike.items()
    )
    return Table(caption, (Cell("Severity"), Cell("Check"), Cell("What was found, what to do"), Cell("Where")), rows)


def _places(group: Sequence[FoundInData]) -> str:
    """The rows of findings that say the same; those of one finding beside each other, a semicolon between two."""
    shown = [", ".join(one.places[:_PLACES]) + _more(one) for one in group[:_ALIKE] if one.places]
    left = len(group) - _ALIKE
    return label("; ".join(shown), 4_000) + (f"; and {left:,} more" if left > 0 else "") if shown else words.NOTHING


def _more(one: FoundInData) -> str:
    more = one.count - min(len(one.places), _PLACES)
    return f" and {more:,} more" if more > 0 else ""


def _task(name: str) -> str:
    return label(name) if name else _ALL_TASKS
