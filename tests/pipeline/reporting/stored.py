"""Results made by hand, stored for real: bundles, the database, and the columns out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.core.ids import digest_json
from harness.core.policies import Policy
from harness.core.runs import MetricInfo, Model, TaskResult
from harness.core.samples import Answer, Json, Outcome, Output, Sample, Score
from harness.pipeline.judging.evidence import Judged
from harness.pipeline.reporting.metrics import Found
from harness.pipeline.reporting.parts import field_parts, slice_parts
from harness.pipeline.reporting.suites import stored_tasks
from harness.pipeline.reporting.task import StoredTask
from harness.pipeline.running.answers import count
from harness.report.numbers import TaskNumbers
from harness.store.columns import task_columns
from harness.store.database import opened
from harness.store.writer import bring_in
from tests.store.made import finished, other

ACCURACY = MetricInfo("accuracy", "rate", 1)


@contextmanager
def stored(
    folder: Path, results: Mapping[str, TaskResult], infos: Sequence[MetricInfo], policy: Policy | None = None
) -> Iterator[StoredTask]:
    """One task of the suite "s" by role, as the report finds it in the store."""
    runs = {}
    for role, result in results.items():
        runs[role] = other(
            id=digest_json([role]), model=Model(role, "c" * 64), metrics={result.task: tuple(infos)},
            task_digests={result.task: "e" * 64}, counts=count((result,)),
        )  # fmt: skip
        bring_in(folder / "store.duckdb", finished(folder / role, runs[role], (result,)))
    with opened(folder / "store.duckdb", read_only=True) as connection:
        judged = {}
        for role, run in runs.items():
            columns = task_columns(connection, run.id, frozenset(run.metrics))
            judged[role] = {"s": Judged(run, {one.task: one for one in columns}, {})}
        yield stored_tasks(connection, judged, policy or Policy(gates=(), resamples=999))[0]


def known(task: StoredTask) -> TaskNumbers:
    """What else is known of a task when its failures are looked into: its fields and slices."""
    nothing = Found({}, {})
    return TaskNumbers(
        task.suite, task.name, len(task.ours.ids), 0, task.ours.repeats, None, None, (),
        fields=field_parts(task, nothing), slices=slice_parts(task, nothing),
    )  # fmt: skip


def answered(samples: Sequence[Sample], said: Mapping[str, Json | Outcome | None], task: str = "t") -> TaskResult:
    """Each sample with the answer given for it: a value, or how it ended without one. Right is what the target is."""
    outputs, answers, scores = [], [], []
    for sample in samples:
        value = said.get(sample.id, sample.target)
        if value is Outcome.NOT_EVALUATED:
            outputs.append(Output(sample.id, None, error="connection reset"))
            answers.append(Answer(sample.id, Outcome.NOT_EVALUATED, reason="connection reset"))
            scores.append(Score(sample.id, "accuracy", None, reason="connection reset"))
        elif value is Outcome.MODEL_FAILED:
            outputs.append(Output(sample.id, "I can't say.", "stop", latency=0.5))
            answers.append(Answer(sample.id, Outcome.MODEL_FAILED, reason="none of the labels"))
            scores.append(Score(sample.id, "accuracy", 0.0))
        else:
            outputs.append(Output(sample.id, f"It is {value}", "stop", latency=0.5))
            answers.append(Answer(sample.id, Outcome.SCORED, value))
            scores.append(Score(sample.id, "accuracy", float(value == sample.target)))
    return TaskResult(task, tuple(samples), tuple(outputs), tuple(answers), tuple(scores))
