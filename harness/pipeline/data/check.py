"""`harness data check`: the rows of a release's training, or of files, through all checks; and a cleaned copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.core.errors import ConfigError, Problem
from harness.core.events import Event, Watch
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.suites import Suite, Task
from harness.data.check import Checked, check_names, check_rows
from harness.data.checks.interface import Setting
from harness.data.fix import Fixed, fix_rows
from harness.data.formats import Columns, columns_of
from harness.data.read import Reading, rows
from harness.data.rows import DataRow
from harness.pipeline.candidate import foreseen
from harness.pipeline.data.given import task_of

CLASSIFY = "classify"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be checked: files, the setting of the checks, and the columns of task rows (None: as detected)."""

    files: tuple[Path, ...]
    shown_as: tuple[str, ...]
    setting: Setting
    columns: Columns | None = None


def check_data(
    asked: Asked, names: Sequence[str] | None = None, fix: Path | None = None, watch: Watch = lambda _: None
) -> tuple[Checked, Fixed | None]:
    """What the checks of these names (None: all) find, and with `fix` the cleaned copy in that new folder.

    Rows that cannot be read stand in `problems`. The command ends with 2 where the result `has_errors`. Raises
    ConfigError for an unknown check, a folder `fix` that is there, a schema that can't be used.
    """
    if fix is not None and fix.exists():
        raise ConfigError(Problem("is there already.", file=str(fix), hint="Name a folder that is new for --fix."))
    reading = Reading()
    checked = check_rows(_told(_rows(asked, reading), watch), asked.setting, names)
    checked = replace(checked, problems=tuple(reading.problems))
    if fix is None:
        return checked, None
    again = Reading()
    return checked, fix_rows(_rows(asked, again), checked.findings, fix, again.problems)


def _rows(asked: Asked, reading: Reading) -> Iterator[list[DataRow]]:
    return rows(asked.files, asked.shown_as, reading, asked.columns, mixed=True)


def _told(batches: Iterator[list[DataRow]], watch: Watch) -> Iterator[list[DataRow]]:
    done = 0
    for batch in batches:
        yield batch
        done += len(batch)
        watch(Event("check", "move", "rows looked at", done))
    watch(Event("check", "move", "rows held against each other", done))


def of_release(release: Release, schema: str | Mapping[str, Json] | None = None) -> Asked:
    """The release's training and validation rows. Raises ConfigError where it declares none."""
    training = release.candidate.training
    if training is None:
        raise ConfigError("the release trains nothing (it gives an adapter): name the files to check.")
    files = tuple(path for path in (training.data, training.validation) if path is not None)
    sets = {_labels(task) for suite in release.suites for task in suite.tasks if task.kind == CLASSIFY}
    labels = sets.pop() if len(sets) == 1 else ()
    # One label set is enough to know which of the rows are of that task; the kinds of the others are seen by the rows.
    setting = Setting(labels=labels, seed=release.seed, schema=schema, root=release.root)
    shown = tuple(str(path.relative_to(release.root) if path.is_absolute() else path) for path in files)
    return Asked(tuple(release.root / path for path in files), shown, _with_model(setting, release))


def of_files(
    files: Sequence[str],
    suite: Suite | None = None,
    task: str | None = None,
    release: Release | None = None,
    schema: str | Mapping[str, Json] | None = None,
    root: Path = Path(),
) -> Asked:
    """Files as a person named them, with what a suite's task or a release tells of them.

    Raises ConfigError where the suite has no such task, or several and none is named.
    """
    found = task_of(suite, task, suite.name) if suite else None
    setting = Setting(schema=schema, root=root)
    if found:
        setting = replace(setting, kind=found.kind, labels=_labels(found))
    if release:
        setting = _with_model(replace(setting, seed=release.seed), release)
    return Asked(tuple(root / file for file in files), tuple(files), setting, columns_of(found) if found else None)


def _labels(task: Task) -> tuple[str, ...]:
    labels = task.arguments.get("labels")
    return tuple(map(str, labels)) if isinstance(labels, list | tuple) else ()


def _with_model(setting: Setting, release: Release) -> Setting:
    """With the base model's tokenizer, where it lies here already, and the length that the training takes."""
    base = foreseen(release)
    return replace(setting, tokenizer=base.base if base.base_digest else None, context=_context(release))


def _context(release: Release) -> int | None:
    """Axolotl's sequence_len; None where the config has none (its own check tells)."""
    import yaml

    if release.candidate.training is None:
        return None
    try:
        config = yaml.safe_load((release.root / release.candidate.training.axolotl).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    length = config.get("sequence_len") if isinstance(config, dict) else None
    return length if isinstance(length, int) else None


__all__ = ["Asked", "check_data", "check_names", "of_files", "of_release"]
