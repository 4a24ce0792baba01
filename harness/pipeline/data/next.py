"""`harness data next`: which unlabelled rows to label next, from what a stored run got wrong or was unsure of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harness.core.errors import ConfigError, Problem
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.suites import Suite, Task
from harness.data.choose import Likened, likened, spread_out, vectors
from harness.data.contamination import Pool, hits, sought_of
from harness.data.draw import Draw
from harness.data.findings import RowPlace
from harness.data.formats import columns_of
from harness.data.read import Reading, rows
from harness.data.rows import DataRow
from harness.data.shingles import fold
from harness.pipeline.data.told import Told, told

MOST_READ = 20_000
CLASSIFY = "classify"


@dataclass(frozen=True, slots=True)
class ToLabel:
    """A row to be labelled. `suggested` is "" where nothing is likely; `score` orders rows and means nothing else."""

    id: str
    text: str
    suggested: str
    why: str
    score: float
    place: RowPlace
    value: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to label, the most useful first. `run` is the run that told; `notes` what was left out, and why."""

    task: str
    run: str
    rows: tuple[ToLabel, ...]
    notes: tuple[str, ...]


def next_rows(
    release: Release,
    files: Sequence[Path],
    count: int = 100,
    *,
    task: str | None = None,
    run: str = "",
    pool: bool = False,
) -> Chosen:
    """The `count` rows of `files` to label next for a task ("suite.task"; None where there is one).

    `run` is a word as `harness compare` takes it ("": the candidate's newest run). Rows that hold a sample of a suite
    are left out: training on them would leak. With `pool` the task's own samples are the unlabelled rows (it was run
    on them with any target), and the run's log-probabilities or repeats tell of each row itself. Raises ConfigError.
    """
    suite, wanted = _task(release, task)
    if count < 1:
        raise ConfigError("the number of rows to label must be 1 or more.")
    found = told(release, run, suite.name, wanted)
    if pool and found.doubt is None:
        hint = "Ask each sample several times (`repeats: 5`, with a temperature), and run it again."
        raise ConfigError(Problem("the run does not tell how sure the model was of its answers.", hint=hint))
    name = f"{suite.name}.{wanted.name}"
    draw, skipped = _unlabelled(files, wanted, release.seed)
    offered = _offered(draw.rows, release, name if pool else "", skipped)
    scored = _scored(offered, found, wanted, pool)
    chosen = _spread(scored, count) if scored else ()
    notes = [f"{number:,} rows were left out: {why}." for why, number in skipped.items() if number]
    notes += [f"{draw.said} were looked at."] if draw.seen > MOST_READ else []
    return Chosen(name, found.run, chosen, tuple(notes))


def _task(release: Release, name: str | None) -> tuple[Suite, Task]:
    known = {f"{suite.name}.{task.name}": (suite, task) for suite in release.suites for task in suite.tasks}
    known = {key: (suite, task) for key, (suite, task) in known.items() if task.prompt and task.clean is None}
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name not in known:
        said = f"there is no task '{name}' with a prompt" if name else "the release has several tasks"
        raise ConfigError(f"{said}; name one with --task: {', '.join(known) or 'there is none'}.")
    return known[name]


def _unlabelled(files: Sequence[Path], task: Task, seed: int) -> tuple[Draw, Counter[str]]:
    """Rows without a target, each text once. Raises ConfigError where some can't be read."""
    draw, reading = Draw(MOST_READ, seed), Reading()
    skipped: Counter[str] = Counter()
    seen: set[int] = set()
    for batch in rows(files, [str(path) for path in files], reading, columns_of(task), unlabelled=True):
        fresh = []
        for row in batch:
            if row.target.strip():
                skipped["they have a label already"] += 1
            elif (key := hash(fold(row.input))) in seen:
                skipped["another row asks the same"] += 1
            else:
                seen.add(key)
                fresh.append(row)
        draw.look(fresh)
    if reading.problems:
        raise ConfigError(reading.problems)
    return draw, skipped


def _offered(found: Sequence[DataRow], release: Release, own: str, skipped: Counter[str]) -> list[DataRow]:
    """The rows that hold no sample of a suite (but of the task `own`), nor nearly."""
    pool = Pool()
    pool.add(found)
    held = hits(pool, sought_of(release.suites))
    leaks = {hit.row for hit in held if hit.source == "sample" and hit.task != own}
    kept = [row for row in found if RowPlace(row.file, row.line) not in leaks]
    skipped["they hold a sample of a suite, so training on them would leak"] += len(found) - len(kept)
    return kept


def _scored(offered: Sequence[DataRow], found: Told, task: Task, pool: bool) -> list[ToLabel]:
    """Each row with how useful its label is thought to be."""
    if not offered:
        return []
    both = vectors([row.input for row in offered] + list(found.texts))
    doubt = found.doubt if pool and found.doubt is not None else found.difficulty
    known = likened(both[: len(offered)], both[len(offered) :], doubt)
    own = {fold(text): i for i, text in enumerate(found.texts)} if pool else {}
    errors = {} if pool else found.class_errors
    scored = []
    for i, row in enumerate(offered):
        at = own.get(fold(row.input))
        if at is not None:
            one = _by_itself(row, found, at, float(doubt[at]))
        else:
            one = _by_likeness(row, found, known, i, labelled=task.kind == CLASSIFY and not pool)
        scored.append(replace(one, score=one.score * (1 + errors.get(one.suggested, 0.0))))
    return scored


def _by_itself(row: DataRow, found: Told, at: int, doubt: float) -> ToLabel:
    why = f"the model was unsure of it by {found.by} ({doubt:.2f} of 1)"
    return _to_label(row, found.answers[at], why, doubt)


def _by_likeness(row: DataRow, found: Told, known: Likened, i: int, *, labelled: bool) -> ToLabel:
    near = [(int(at), float(share)) for at, share in zip(known.nearest[i], known.likeness[i], strict=True) if share > 0]
    votes: Counter[str] = Counter()
    for at, share in near if labelled else ():
        votes[found.labels[at]] += share  # type: ignore[assignment]  # counts of likeness
    failing = [found.ids[at] for at, _ in near if found.wrong[at] > 0.5]
    unsure = [found.ids[at] for at, _ in near if found.difficulty[at] > 0.5 and found.wrong[at] <= 0.5]
    if failing:
        why = f"like samples that fail: {', '.join(failing[:3])}"
    elif unsure:
        why = f"like samples that the model is unsure of: {', '.join(unsure[:3])}"
    else:
        why = "like samples that do not fail" if near else "shares no word with any sample"
    return _to_label(row, votes.most_common(1)[0][0] if votes else "", why, float(known.difficulty[i]))


def _to_label(row: DataRow, suggested: str, why: str, score: float) -> ToLabel:
    name = row.value.get("id")
    place = RowPlace(row.file, row.line)
    return ToLabel(
        str(place) if name in (None, "") else str(name), row.input, suggested, why, score, place, dict(row.value)
    )


def _spread(scored: Sequence[ToLabel], count: int) -> tuple[ToLabel, ...]:
    texts = vectors([one.text for one in scored])
    order = spread_out(np.array([one.score for one in scored]), texts, count)
    chosen = [scored[i] for i in order.tolist()]
    times = Counter(one.id for one in chosen)
    return tuple(one if times[one.id] == 1 else replace(one, id=str(one.place)) for one in chosen)
