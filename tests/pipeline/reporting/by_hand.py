"""Runs made by hand as the report reads them, without a store."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from harness.core.decisions import Decision
from harness.core.policies import Gate, Policy
from harness.core.runs import TaskResult
from harness.pipeline.judging.evidence import Material
from harness.pipeline.reporting.metrics import Found, found_by_gates
from harness.pipeline.reporting.suites import stored_tasks
from harness.pipeline.reporting.task import StoredTask
from tests.pipeline.hand_made import decide, material

POLICY = Policy((), resamples=999)
NOTHING = Found({}, {})


def tasks(found: Material, policy: Policy = POLICY) -> tuple[StoredTask, ...]:
    """The candidate's tasks, without the measured phase. The connection is to nothing: the answers are there."""
    suites = {role: {name: run for name, run in runs.items() if name != "measured"} for role, runs in found.items()}
    return stored_tasks(duckdb.connect(), suites, policy)


def task(candidate: TaskResult, baseline: TaskResult | None = None, policy: Policy = POLICY) -> StoredTask:
    """The one task of candidate and base model."""
    return tasks(material(candidate, baseline), policy)[0]


def gated(candidate: TaskResult, baseline: TaskResult, *gates: Gate) -> tuple[Decision, Found]:
    """What gates find on these results."""
    decision = decide(material(candidate, baseline), *gates)
    return decision, found_by_gates(decision)


def asked_twice(found: TaskResult) -> TaskResult:
    """Each sample with a second repeat that ended as the first."""
    return replace(
        found,
        outputs=tuple(replace(one, repeat=i) for one in found.outputs for i in range(2)),
        answers=tuple(replace(one, repeat=i) for one in found.answers for i in range(2)),
        scores=tuple(replace(one, repeat=i) for one in found.scores for i in range(2)),
    )


def sliced(found: TaskResult, column: str, values: list[str]) -> TaskResult:
    """The samples in slices by turns."""
    samples = tuple(replace(one, slices={column: values[i % len(values)]}) for i, one in enumerate(found.samples))
    return replace(found, samples=samples)
