"""A stored task as columns, for judging: a million scores are a few arrays, and never a million objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.core.samples import Outcome

if TYPE_CHECKING:
    import duckdb

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Texts = tuple[str | None, ...]

OUTCOMES = (Outcome.SCORED, Outcome.MODEL_FAILED, Outcome.NOT_EVALUATED)
SCORED, LOST, MISSING = 0, 2, -1  # places in OUTCOMES; a repeat without an answer is missing


@dataclass(frozen=True, slots=True)
class TaskColumns:
    """One task of a run, in the samples' order.

    `targets` and `slices` are JSON texts. Arrays are (samples, repeats): `outcomes` are places in OUTCOMES, or -1
    where there is no answer; `scores`, by metric and part ("" is the whole), are NaN where there is none; `latencies`
    are seconds, infinite for a request that failed or whose time is not known. `answers` are the JSON texts of what was
    scored, the repeats of a sample beside each other; empty where no metric is made of them.
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
        )


def _pick(column: Texts, places: Sequence[int]) -> tuple[Any, ...]:
    return tuple(column[place] for place in places)


def task_columns(connection: duckdb.DuckDBPyConnection, run: str, with_answers: frozenset[str]) -> list[TaskColumns]:
    """The tasks of a stored run in their order. `with_answers` names those whose answers a metric is made of."""
    connection.execute("SET threads = 2")  # rows are put in their places by number, in whatever order they come
    tasks = connection.execute(
        "SELECT task FROM samples WHERE run = ? GROUP BY task ORDER BY min(position)", [run]
    ).fetchall()
    return [_task(connection, run, task, task in with_answers) for (task,) in tasks]


def _task(connection: duckdb.DuckDBPyConnection, run: str, task: str, with_answers: bool) -> TaskColumns:
    where, listed = [run, task], ", ".join(f"'{outcome}'" for outcome in OUTCOMES)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE asked AS SELECT row_number() OVER (ORDER BY position) - 1 AS nth, id, target, "
        '"group", slices, origin FROM samples WHERE run = ? AND task = ?',
        where,
    )
    rows = connection.execute('SELECT id, target, "group", slices, origin FROM asked ORDER BY nth').fetchall()
    ids, targets, groups, slices, origins = zip(*rows, strict=True)
    outputs = _columns(
        connection, 'SELECT nth, o."repeat", if(error IS NULL, latency, NULL) AS latency FROM outputs o '
        "JOIN asked ON id = sample_id WHERE o.run = ? AND o.task = ?", where,
    )  # fmt: skip
    answers = _columns(
        connection, f'SELECT nth, a."repeat", list_position([{listed}], outcome) - 1 AS outcome, '
        f"{'a.value' if with_answers else 'NULL'} AS value FROM answers a JOIN asked ON id = sample_id "
        "WHERE a.run = ? AND a.task = ?", where,
    )  # fmt: skip
    shape = (len(ids), 1 + int(outputs["repeat"].max(initial=0)))
    return TaskColumns(
        task, ids, targets, groups, slices, origins,
        outcomes=_spread(shape, answers, "outcome", MISSING).astype(np.int64),
        latencies=_spread(shape, outputs, "latency", np.inf),
        answers=_texts(shape, answers) if with_answers else (),
        scores=_scores(connection, shape, where),
    )  # fmt: skip


def _scores(
    connection: duckdb.DuckDBPyConnection, shape: tuple[int, int], where: Sequence[str]
) -> dict[tuple[str, str], Floats]:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE named AS SELECT row_number() OVER () - 1 AS code, metric, part FROM "
        "(SELECT DISTINCT metric, part FROM scores WHERE run = ? AND task = ? ORDER BY metric, part)",
        list(where),
    )
    names = connection.execute("SELECT metric, part FROM named ORDER BY code").fetchall()
    found = _columns(
        connection, 'SELECT code, nth, s."repeat", s.value FROM scores s JOIN asked ON id = sample_id '
        "JOIN named ON named.metric = s.metric AND named.part = s.part WHERE s.run = ? AND s.task = ? "
        "AND isfinite(s.value)", where,
    )  # fmt: skip
    values = np.full((len(names), *shape), np.nan)
    values[found["code"], found["nth"], found["repeat"]] = found["value"]
    return {(metric, part): values[code] for code, (metric, part) in enumerate(names)}


def _columns(connection: duckdb.DuckDBPyConnection, query: str, where: Sequence[str]) -> dict[str, Any]:
    """The columns of a query as arrays; what is NULL is masked."""
    found: dict[str, Any] = connection.execute(query, list(where)).fetchnumpy()
    return found


def _spread(shape: tuple[int, int], found: Mapping[str, Any], name: str, missing: float) -> Floats:
    values = np.full(shape, float(missing))
    values[found["nth"], found["repeat"]] = np.ma.filled(found[name].astype(np.float64), missing)
    return values


def _texts(shape: tuple[int, int], found: Mapping[str, Any]) -> Texts:
    texts = np.full(shape, None, dtype=object)
    values = found["value"]
    if isinstance(values, np.ma.MaskedArray):  # by hand: numpy would fill a column of objects with "?"
        kept = ~np.ma.getmaskarray(values)  # type: ignore[no-untyped-call]
        found = {name: column[kept] for name, column in found.items()}
        values = found["value"].data
    texts[found["nth"], found["repeat"]] = values
    return tuple(texts.ravel().tolist())
