"""Samples of the suites in the rows that a release trains on: looked for before training, kept by the files' digest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.core.errors import ConfigError, Problem
from harness.core.ids import digest_file, digest_json
from harness.core.releases import Release
from harness.core.suites import Suite
from harness.pipeline.workspace import Workspace
from harness.store.files import json_line, lines_of, write_lines

if TYPE_CHECKING:
    from harness.data.contamination import Hit

RULE = 2  # raise it when what counts as a hit changes: what was kept is looked for again
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Leaks:
    """All hits of training and validation rows. `looked` is False where there are none: then nothing is known."""

    looked: bool
    hits: tuple[Hit, ...] = ()

    @property
    def samples(self) -> dict[str, list[str]]:
        """The ids of leaked samples by suite.task."""
        if not self.hits:
            return {}
        from harness.data.contamination import leaked

        return {task: sorted(ids) for task, ids in leaked(self.hits).items()}

    @property
    def count(self) -> int:
        """How many samples leaked."""
        return sum(map(len, self.samples.values()))


def leaks_of(release: Release, keep: bool = True) -> Leaks:
    """What leaked, from the last look at the same files where there was one; with `keep` this look is kept.

    Raises ConfigError where a row cannot be read, OutsideError where the result cannot be kept.
    """
    files = _files(release)
    if not files:
        return Leaks(looked=False)
    if missing := [path for path in files if not path.is_file()]:
        names = (_shown(release, path) for path in missing)
        raise ConfigError(
            [Problem("this file does not exist, so it can't be searched for samples.", file=name) for name in names]
        )
    data = [[_shown(release, path), digest_file(path)] for path in files]
    key = digest_json([RULE, data, [suite.digest for suite in release.suites]])
    kept = Workspace(release.root).state / "leaks" / f"{key[:16]}.jsonl"
    if kept.is_file():
        return Leaks(looked=True, hits=tuple(map(_hit, lines_of(kept))))
    found = look(files, [name for name, _ in data], release.suites)
    if keep:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_lines(kept, [json_line(asdict(hit)) for hit in found])
    return Leaks(looked=True, hits=found)


def look(files: list[Path], shown_as: list[str], suites: Iterable[Suite], shown: bool = False) -> tuple[Hit, ...]:
    """Every row of these files that holds a sample; with `shown` also every example and prompt that does.

    Raises ConfigError naming every row that cannot be read: one that was not looked at is not known to be clean.
    """
    from harness.data.contamination import Pool, hits, sought_of
    from harness.data.read import Reading, rows

    pool, reading, suites = Pool(), Reading(), list(suites)
    for batch in rows(files, shown_as, reading):
        pool.add(batch)
    if reading.problems:
        raise ConfigError(reading.problems)
    if shown:
        pool.add_shown(suites)
    return hits(pool, sought_of(suites))


def refuse_leaks(release: Release, keep: bool = True) -> Leaks:
    """What leaked, where the policy tolerates it. Raises ConfigError with the pairs where more samples did."""
    found = leaks_of(release, keep)
    if found.count <= release.policy.max_leaked:
        return found
    pairs = [hit for hit in found.hits if hit.source == "sample"]
    problems = [Problem(_said(hit), file=hit.row.file, line=hit.row.line) for hit in pairs[:MOST_NAMED]]
    more = f" ({len(pairs) - MOST_NAMED} more rows do)" if len(pairs) > MOST_NAMED else ""
    total = (
        f"{counted(found.count)} in the training data{more}, and policy.max_leaked allows "
        f"{release.policy.max_leaked}: a model can't be judged on what it was taught."
    )
    hint = "Take out the rows, or replace the samples."
    raise ConfigError([*problems, Problem(total, file=release.file, hint=hint)])


def counted(samples: int) -> str:
    """`1 sample stands`, `2 samples stand`."""
    return f"{samples} sample{' stands' if samples == 1 else 's stand'}"


def _said(hit: Hit) -> str:
    return str(hit).removeprefix(f"{hit.row} ").replace("holds", "the row holds", 1)


def _files(release: Release) -> list[Path]:
    """Training and validation rows; of experiments those of each, for any of them may be the candidate."""
    training, several = release.candidate.training, release.experiments
    trainings = [*([training] if training else []), *(one.training for one in several.runs)] if several else [training]
    return list(dict.fromkeys(path for one in trainings if one for path in (one.data, one.validation) if path))


def _shown(release: Release, path: Path) -> str:
    return os.path.relpath(path, release.root)


def _hit(value: dict[str, Any]) -> Hit:
    from harness.data.contamination import Hit
    from harness.data.findings import RowPlace

    return Hit(**{**value, "row": RowPlace(**value["row"])})
