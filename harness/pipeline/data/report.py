"""`harness data report`: a release's data in numbers, and the page that shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

from harness.core.errors import ConfigError
from harness.core.ids import digest_file
from harness.core.releases import Release
from harness.data.check import Checked
from harness.data.checks.length import tokenizer_of
from harness.data.contamination import Hit
from harness.data.drift import Distance, apart
from harness.data.formats import columns_of
from harness.data.read import Reading, rows
from harness.pipeline.data.check import check_data, of_release
from harness.pipeline.data.given import taught_files
from harness.pipeline.data.leaks import look
from harness.pipeline.data.report_sets import MOST_DRAWN, TEST, Gathering, Gatherings, prompted
from harness.pipeline.report import templates_of
from harness.pipeline.workspace import Workspace, now
from harness.report.data.numbers import DataFile, DataReport, Drift, DriftValue, FoundInData, Leak
from harness.report.data.view import build_data_report
from harness.report.render import render_page
from harness.store.files import refused, write_lines

PAGE = "data.html"
_SIDES = ("train", "validation")
_PRODUCTION = "production"
_LEAST_ROWS = 2


def data_report(release: Release, production: Path | None = None, task: str | None = None) -> DataReport:
    """Look at all the rows of a release: training, validation, the suites' samples, and a file from production.

    `production` has rows with or without answers; `task` ("suite.task") says whose, where their system prompt does not.
    Rows that can't be read are told in the report. Raises ConfigError where the release trains nothing, or for a task
    that it does not have.
    """
    asked, taught = of_release(release), taught_files(release)
    gathered, reading = Gatherings(release), Reading()
    files = []
    for (path, shown), side in zip(taught, _SIDES, strict=False):
        for batch in rows([path], [shown], reading, mixed=True):
            gathered.look(batch, side)
        files.append(_file(side, path, shown, reading))
    gathered.look_at_samples(prompted(release))
    if production is not None:
        _look_at_production(release, gathered, production, task, reading)
        files.append(_file(_PRODUCTION, production, str(production), reading))
    checked, _ = check_data(asked)
    setting = asked.setting
    tokenizer = tokenizer_of(setting.tokenizer) if setting.tokenizer else None
    notes = () if tokenizer else ("Lengths in tokens are not known: the base model is not on this disk.",)
    unreadable = tuple(map(str, reading.problems))
    return DataReport(
        release=release.name,
        made=now(),
        files=tuple(files),
        sets=tuple(one.numbers(tokenizer, setting.context) for one in gathered.all.values()),
        context=setting.context,
        unreadable=unreadable,
        findings=tuple(_findings(checked)),
        leaks=() if unreadable else tuple(map(_leak, _samples(release, taught))),
        searched=not unreadable,
        allowed=release.policy.max_leaked,
        drift=tuple(_drift(gathered, release.seed)),
        notes=(*notes, *(("Leaks were not looked for: rows can't be read.",) if unreadable else ())),
    )


def write_data_report(release: Release, found: DataReport) -> Path:
    """Write reports/<release>/data.html. Raises ConfigError for a team's templates, OutsideError for the disk."""
    path = Workspace(release.root).reports(release.name) / PAGE
    page = render_page("data_report.html", build_data_report(found), templates_of(release))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(path, error) from None
    write_lines(path, [page.encode()])
    return path


def _file(side: str, path: Path, shown: str, reading: Reading) -> DataFile:
    return DataFile(side, shown, reading.rows[shown], digest_file(path) if path.is_file() else "")


def _look_at_production(release: Release, gathered: Gatherings, file: Path, name: str | None, reading: Reading) -> None:
    known = prompted(release)
    if name is not None and name not in known:
        raise ConfigError(f"there is no task '{name}' with a prompt; name one of {', '.join(known) or 'none'}.")
    name = next(iter(known)) if name is None and len(known) == 1 else name
    columns = columns_of(known[name]) if name else None
    taught = name if any(one == name for one, _ in gathered.all) else ""
    for batch in rows([file], [str(file)], reading, columns, unlabelled=True):
        gathered.look(batch, _PRODUCTION, taught if name else None)
    if not reading.rows[str(file)]:
        raise ConfigError([problem for problem in reading.problems if problem.file == str(file)])


def _samples(release: Release, taught: list[tuple[Path, str]]) -> Iterator[Hit]:
    found = look([path for path, _ in taught], [shown for _, shown in taught], release.suites, shown=True)
    return (hit for hit in found if hit.source == "sample")


def _leak(hit: Hit) -> Leak:
    return Leak(hit.task, hit.sample, hit.kind, str(hit.row), str(hit).removeprefix(f"{hit.row} "))


def _findings(checked: Checked) -> Iterator[FoundInData]:
    for one in checked.findings:
        places = tuple(map(str, one.places))
        yield FoundInData(one.check, str(one.severity), one.message, one.advice, places, one.count)


def _drift(gathered: Gatherings, seed: int) -> Iterator[Drift]:
    """Each two sides of a task that have rows enough, in the order train, validation, test, production."""
    order = (*_SIDES, TEST, _PRODUCTION)
    tasks = dict.fromkeys(task for task, _ in gathered.all)
    for task in tasks:
        sides = [gathered.all[task, side] for side in order if (task, side) in gathered.all]
        yield from (_apart(one, other, seed) for one, other in combinations(sides, 2) if _enough(one, other))


def _enough(*sides: Gathering) -> bool:
    return all(len(side.drawn.texts) >= _LEAST_ROWS for side in sides)


def _apart(one: Gathering, other: Gathering, seed: int) -> Drift:
    ours, theirs = one.drawn, other.drawn
    found = apart(ours, theirs, seed)
    return Drift(
        one.task,
        (one.side, other.side),
        (len(ours.texts), len(theirs.texts)),
        _value(found.labels) if found.labels else None,
        _value(found.lengths),
        _value(found.words),
    )


def _value(found: Distance) -> DriftValue:
    return DriftValue(**asdict(found))


__all__ = ["MOST_DRAWN", "data_report", "write_data_report"]
