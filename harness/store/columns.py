"""A stored task as columns, for judging: a million scores are a few arrays, and never a million objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.core.endings import FINISHES, Ending
from harness.core.samples import REFUSED, Outcome

if TYPE_CHECKING:
    import duckdb

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Texts = tuple[str | None, ...]

OUTCOMES = (Outcome.SCORED, Outcome.MODEL_FAILED, Outcome.NOT_EVALUATED)
USAGE = ("prompt_tokens", "generated_tokens", "attempts")
ENDINGS = tuple(Ending)
SCORED, FAILED, LOST, MISSING = 0, 1, 2, -1  # places in OUTCOMES; a repeat without an answer is missing


@dataclass(frozen=True, slots=True)
class TaskColumns:
    """One task of a run, in the samples' order.

    `targets` and `slices` are JSON texts. Arrays are (samples, repeats): `outcomes` are places in OUTCOMES, or -1
    where there is no answer; `scores`, by metric and part ("" is the whole), are NaN where there is none; `latencies`
    are seconds, infinite for a request that failed or whose time is not known; `usage`, by prompt_tokens,
    generated_tokens and attempts, is NaN where that is not known or choices were scored. `answers` are the JSON texts
    of what was scored, the repeats of a sample beside each other; empty where no metric is made of them. `finishes`
    are places in ENDINGS, by what the outputs say of themselves (None: nothing); `endings` has them with the answers.
    """

    task: str
    ids: tuple[str, ...]
    targets: Texts
    groups: Texts
    slices: Texts
    origins: Texts
    outcomes: Ints
    latencies: Floats
    answers: Texts = ()
    scores: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    usage: Mapping[str, Floats] = field(default_factory=dict)
    finishes: Ints | None = None

    @property
    def endings(self) -> Ints:
        """How each repeat of each sample ended (samples, repeats), as places in ENDINGS."""
        unreadable = ENDINGS.index(Ending.UNREADABLE)
        told = np.full(self.outcomes.shape, unreadable) if self.finishes is None else self.finishes
        failed = np.where(told == ENDINGS.index(Ending.ANSWERED), unreadable, told)
        # What was cut off and scored for what is there is cut off all the same.
        cut = ENDINGS.index(Ending.LENGTH)
        scored = np.where(told == cut, cut, ENDINGS.index(Ending.ANSWERED))
        found = np.where(self.outcomes == SCORED, scored, ENDINGS.index(Ending.LOST))
        return np.where(self.outcomes == FAILED, failed, found)

    @property
    def repeats(self) -> int:
        """How often each sample was asked; a repeat that lacks its output still counts."""
        return int(self.outcomes.shape[1])

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Which repeats of which samples have no answer, or none that the infrastructure brought (samples, repeats)."""
        lost: NDArray[np.bool_] = (self.outcomes == LOST) | (self.outcomes == MISSING)
        return lost

    def take(self, places: Sequence[int]) -> TaskColumns:
        """The samples at these places, in this order; one may come several times."""
        at = np.asarray(places, dtype=np.int64)
        repeats = self.repeats
        answers = tuple(self.answers[i * repeats + r] for i in places for r in range(repeats)) if self.answers else ()
        return replace(
            self,
            ids=_pick(self.ids, places),
            targets=_pick(self.targets, places),
            groups=_pick(self.groups, places),
            slices=_pick(self.slices, places),
            origins=_pick(self.origins, places),
            outcomes=self.outcomes[at],
            latencies=self.latencies[at],
            answers=answers,
            scores={name: values[at] for name, values in self.scores.items()},
            usage={name: values[at] for name, values in self.usage.items()},
            finishes=None if self.finishes is None else self.finishes[at],
        )


def _pick(column: Texts, places: Sequence[int]) -> tuple[Any, ...]:
    return tuple(column[place] for place in places)


def task_columns(
    connection: duckdb.DuckDBPyConnection, run: str, with_answers: frozenset[str], *, measured: bool = False
) -> list[TaskColumns]:
    """The tasks of a stored run in their order. `with_answers` names those whose answers a metric is made of.

    Of a run of the measured phase `origins` are the samples that were sent, as suite.task:id.
    """
    connection.execute("SET threads = 2")  # rows are put in their places by number, in whatever order they come
    samples = _columns(
        connection, f'SELECT task, id, target, "group", slices, {_SENT if measured else "origin"} AS origin '
        "FROM samples WHERE run = ? ORDER BY position", run,
    )  # fmt: skip
    outputs = _columns(
        connection, 'SELECT position_of AS nth, o."repeat", if(error IS NULL, latency, NULL) AS latency, '
        "if(choices IS NULL, prompt_tokens, NULL) AS prompt_tokens, "
        "if(choices IS NULL, generated_tokens, NULL) AS generated_tokens, "
        f"if(choices IS NULL, attempts, NULL) AS attempts, {_FINISH} AS finish "
        f"FROM outputs o {_PLACE.format('o')} WHERE o.run = ?", run,
    )  # fmt: skip
    listed = ", ".join(f"'{outcome}'" for outcome in OUTCOMES)
    answers = _columns(
        connection, f'SELECT position_of AS nth, a."repeat", list_position([{listed}], outcome) - 1 AS outcome, '
        f"if(list_contains(?, a.task), a.value, NULL) AS value FROM answers a {_PLACE.format('a')} WHERE a.run = ?",
        sorted(with_answers), run,
    )  # fmt: skip
    tasks = samples["task"].tolist()
    shape = (len(tasks), 1 + int(outputs["repeat"].max(initial=0)))
    whole = _Whole(
        {name: _texts(samples[name]) for name in ("id", "target", "group", "slices", "origin")},
        _spread(shape, outputs, "latency", np.inf),
        _spread(shape, answers, "outcome", MISSING).astype(np.int64),
        _spread_texts(shape, answers),
        _scores(connection, shape, run),
        {name: _spread(shape, outputs, name, np.nan) for name in USAGE},
        _spread(shape, outputs, "finish", ENDINGS.index(Ending.LOST)).astype(np.int64),
        outputs,
    )
    starts = [i for i, task in enumerate(tasks) if i == 0 or tasks[i - 1] != task]
    ends = [*starts[1:], len(tasks)] if starts else []
    return [
        _part(whole, tasks[start], slice(start, stop), tasks[start] in with_answers)
        for start, stop in zip(starts, ends, strict=True)
    ]


_SENT = "concat(json_extract_string(\"row\", '$.task'), ':', json_extract_string(\"row\", '$.sample'))"
# What an output says of its ending, as `core.endings.ending_of` reads it.
_FINISH = (
    f"CASE WHEN choices IS NOT NULL THEN {ENDINGS.index(Ending.ANSWERED)} "
    f"WHEN error IS NOT NULL AND finish_reason = '{REFUSED}' THEN {ENDINGS.index(Ending.REJECTED)} "
    f"WHEN error IS NOT NULL OR text IS NULL THEN {ENDINGS.index(Ending.LOST)} "
    + " ".join(f"WHEN finish_reason = '{told}' THEN {ENDINGS.index(one)}" for told, one in FINISHES.items())
    + rf" WHEN regexp_full_match(text, '[\s\p{{Z}}]*') THEN {ENDINGS.index(Ending.EMPTY)} "
    f"ELSE {ENDINGS.index(Ending.ANSWERED)} END"
)
# A sample's place in its run, for each of the rows that tell of it.
_PLACE = (
    "JOIN (SELECT run, task, id, position AS position_of FROM samples) place "
    "ON place.run = {0}.run AND place.task = {0}.task AND place.id = {0}.sample_id"
)


@dataclass(frozen=True, slots=True)
class _Whole:
    """The columns of all tasks of a run, one under the other."""

    texts: Mapping[str, Texts]
    latencies: Floats
    outcomes: Ints
    answers: NDArray[np.object_]
    scores: Mapping[tuple[str, str, str], Floats]
    usage: Mapping[str, Floats]
    finishes: Ints
    outputs: Mapping[str, Any]


def _part(whole: _Whole, task: str, rows: slice, with_answers: bool) -> TaskColumns:
    """One task's rows, and as many repeats as it has."""
    of_task = (whole.outputs["nth"] >= rows.start) & (whole.outputs["nth"] < rows.stop)
    repeats = 1 + int(whole.outputs["repeat"][of_task].max(initial=0))
    ids, targets, groups, slices, origins = (whole.texts[name][rows] for name in whole.texts)
    return TaskColumns(
        task,
        tuple(str(name) for name in ids),
        targets,
        groups,
        slices,
        origins,
        whole.outcomes[rows, :repeats],
        whole.latencies[rows, :repeats],
        tuple(whole.answers[rows, :repeats].ravel().tolist()) if with_answers else (),
        {
            (metric, part): values[rows, :repeats]
            for (name, metric, part), values in whole.scores.items()
            if name == task
        },
        {name: values[rows, :repeats] for name, values in whole.usage.items()},
        whole.finishes[rows, :repeats],
    )


def _scores(
    connection: duckdb.DuckDBPyConnection, shape: tuple[int, int], run: str
) -> dict[tuple[str, str, str], Floats]:
    """Every metric's scores by task, metric and part."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE named AS SELECT row_number() OVER () - 1 AS code, metric, part FROM "
        "(SELECT DISTINCT metric, part FROM scores WHERE run = ? ORDER BY metric, part)",
        [run],
    )
    found = _columns(
        connection, 'SELECT code, position_of AS nth, s."repeat", s.value FROM scores s '
        f"{_PLACE.format('s')} JOIN named ON named.metric = s.metric AND named.part = s.part WHERE s.run = ? "
        "AND isfinite(s.value)", run,
    )  # fmt: skip
    names = connection.execute("SELECT metric, part FROM named ORDER BY code").fetchall()
    values = np.full((len(names), *shape), np.nan)
    values[found["code"], found["nth"], found["repeat"]] = found["value"]
    known = connection.execute("SELECT DISTINCT task, metric, part FROM scores WHERE run = ?", [run]).fetchall()
    code = {name: number for number, name in enumerate(names)}
    return {(task, metric, part): values[code[metric, part]] for task, metric, part in sorted(known)}


def _columns(connection: duckdb.DuckDBPyConnection, query: str, *given: object) -> dict[str, Any]:
    """The columns of a query as arrays; what is NULL is masked."""
    found: dict[str, Any] = connection.execute(query, given).fetchnumpy()
    return found


def _spread(shape: tuple[int, int], found: Mapping[str, Any], name: str, missing: float) -> Floats:
    values = np.full(shape, float(missing))
    values[found["nth"], found["repeat"]] = np.ma.filled(found[name].astype(np.float64), missing)
    return values


def _spread_texts(shape: tuple[int, int], found: Mapping[str, Any]) -> NDArray[np.object_]:
    texts = np.full(shape, None, dtype=object)
    texts[found["nth"], found["repeat"]] = _texts(found["value"])
    return texts


def _texts(column: Any) -> Texts:
    """A column of texts. By hand: numpy would fill what is masked with "?"."""
    if not isinstance(column, np.ma.MaskedArray):
        return tuple(column.tolist())
    masked = np.ma.getmaskarray(column)  # type: ignore[no-untyped-call]
    return tuple(None if gone else text for text, gone in zip(column.data.tolist(), masked.tolist(), strict=True))
