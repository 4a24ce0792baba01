"""What a stored run tells of a task's samples: how hard each was, and what was answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from harness.config.templates import render
from harness.core.errors import ConfigError
from harness.core.releases import Release
from harness.core.samples import Outcome
from harness.core.suites import Prompt, Task
from harness.data.choose import Floats, disagreement, margin_doubt
from harness.pipeline.comparing.sides import side_of
from harness.pipeline.judging.material import material_of
from harness.pipeline.judging.series import evaluated, parsed, scores_of
from harness.pipeline.reporting.inputs import input_text
from harness.pipeline.reporting.suites import stored_tasks
from harness.pipeline.reporting.task import StoredTask
from harness.pipeline.workspace import Workspace
from harness.report.material import CANDIDATE
from harness.store import reader
from harness.store.database import opened


@dataclass(frozen=True, slots=True)
class Told:
    """The samples of a task in a run, in their order; what was not evaluated is left out.

    `wrong` is how bad the score of the main metric is, 0 the best; `doubt` how unsure the model was: 1 minus the
    distance of its two likeliest choices, or the share of its repeats that disagree (None: neither is known). Both in
    [0, 1]. `answers` are each sample's commonest ("" where none could be read).
    """

    run: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    answers: tuple[str, ...]
    wrong: Floats
    doubt: Floats | None
    by: str

    @property
    def difficulty(self) -> Floats:
        """What was wrong is hard, whatever the model thought; what was right is as hard as the model was unsure."""
        return self.wrong if self.doubt is None else np.maximum(self.wrong, self.doubt)

    @property
    def class_errors(self) -> Mapping[str, float]:
        """The mean of `wrong` by label."""
        whole: dict[str, list[float]] = {}
        for label, wrong in zip(self.labels, self.wrong.tolist(), strict=True):
            whole.setdefault(label, []).append(wrong)
        return {label: sum(each) / len(each) for label, each in whole.items()}


def told(release: Release, word: str, suite: str, task: Task) -> Told:
    """What the run that `word` names (see `harness compare`) tells of a task; "" is the candidate's newest.

    Raises ConfigError.
    """
    workspace = Workspace(release.root)
    runs = side_of(release, workspace, word).runs if word else _newest(release, workspace, suite)
    if suite not in runs:
        raise ConfigError(f"'{word}' has no run of the suite '{suite}'; it has {', '.join(runs) or 'none'}.")
    with opened(workspace.store, read_only=True) as connection:
        judged = material_of(connection, workspace, {CANDIDATE: {suite: runs[suite]}})
        stored = [one for one in stored_tasks(connection, judged, release.policy) if one.name == task.name]
        if not stored:
            raise ConfigError(f"the run {runs[suite][:12]} has no task '{task.name}'. Run `harness run` again.")
        return _told(stored[0], task.prompt)


def _newest(release: Release, workspace: Workspace, suite: str) -> dict[str, str]:
    """The newest run of the candidate on a suite."""
    if not workspace.store.is_file():
        raise ConfigError("there is no store yet: run `harness run` or `harness gate` first.")
    with opened(workspace.store, read_only=True) as connection:
        found = [one for one in reader.runs(connection) if one.release == release.name and one.suite == suite]
    ours = [one.id for one in found if one.model.role == CANDIDATE]
    if not ours:
        raise ConfigError(f"the store has no run of the candidate on '{suite}': run `harness run` first.")
    return {suite: ours[-1]}


def _told(task: StoredTask, prompt: Prompt | None) -> Told:
    info, columns = task.main, task.ours
    if info is None:
        raise ConfigError(f"no metric of {task.suite}.{task.name} tells a right answer from a wrong one by sample.")
    known = np.flatnonzero(evaluated(columns, info).all(axis=1))
    if not len(known):
        raise ConfigError(f"no sample of {task.suite}.{task.name} was evaluated: run it again.")
    scores = scores_of(columns, info).mean(axis=1)[known]
    given = [task.runs[CANDIDATE], task.name]
    doubt, by = _doubt(task, given)
    targets, texts = list(parsed(columns.targets)), _texts(task, prompt)
    answers = _answers(task, given)
    return Told(
        task.runs[CANDIDATE],
        tuple(columns.ids[i] for i in known),
        tuple(texts[i] for i in known),
        tuple(str(targets[i]) for i in known),
        tuple(_commonest(answers.get(columns.ids[i], ())) for i in known),
        np.clip(1 - info.better.goodness(scores), 0, 1),
        None if doubt is None else np.array([doubt.get(columns.ids[i], 1.0) for i in known]),
        by,
    )


def _texts(task: StoredTask, prompt: Prompt | None) -> list[str]:
    """What was asked, in the prompt's words where it can be made again."""
    rows = task.connection.execute(
        'SELECT "row" FROM samples WHERE run = ? AND task = ? ORDER BY position', [task.runs[CANDIDATE], task.name]
    ).fetchall()
    found = []
    for (text,), target in zip(rows, parsed(task.ours.targets), strict=True):
        row = orjson.loads(text)
        try:
            found.append(render(prompt.user, row) if prompt else input_text(row, target, (), None))
        except ValueError:
            found.append(input_text(row, target, (), None))
    return found


def _doubt(task: StoredTask, given: Sequence[str]) -> tuple[dict[str, float] | None, str]:
    """How unsure the model was of each sample, and by what; None where the run doesn't tell."""
    rows = task.connection.execute(
        "SELECT sample_id, choices FROM outputs WHERE run = ? AND task = ? AND choices IS NOT NULL", given
    ).fetchall()
    if rows:
        found: dict[str, list[float]] = {}
        for name, choices in rows:
            found.setdefault(name, []).append(margin_doubt(choices))
        return {name: sum(each) / len(each) for name, each in found.items()}, "its log-probabilities"
    if task.ours.repeats > 1:
        return {name: disagreement(each) for name, each in _answers(task, given).items()}, "its repeats"
    return None, ""


def _answers(task: StoredTask, given: Sequence[str]) -> dict[str, list[str]]:
    """What was read of each sample's repeats, as JSON; "" for what could not be."""
    rows = task.connection.execute(
        'SELECT sample_id, if(outcome = ?, value, NULL) FROM answers WHERE run = ? AND task = ? ORDER BY "repeat"',
        [Outcome.SCORED, *given],
    ).fetchall()
    found: dict[str, list[str]] = {}
    for name, value in rows:
        found.setdefault(name, []).append("" if value is None else value)
    return found


def _commonest(answers: Sequence[str]) -> str:
    text = Counter(answers).most_common(1)[0][0] if answers else ""
    value = orjson.loads(text) if text else ""
    return value if isinstance(value, str) else text
