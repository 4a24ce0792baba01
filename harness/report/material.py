"""All that a report is made of: what was decided, what it rests on, and how the candidate came to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.decisions import Decision
from harness.core.runs import Run, TaskResult

CANDIDATE = "candidate"

Recorded = tuple[Run, tuple[TaskResult, ...]]


@dataclass(frozen=True, slots=True)
class Material:
    """A decision with its evidence.

    `runs` is by role ("candidate" or a baseline's name), then by suite. `measured` is the phase that measured speed,
    with one task for each model; None where there was none. `training` is the trainer's manifest,
    None where the adapter was given. `policy_alpha` is the one-sided error of each bound.
    """

    decision: Decision
    runs: Mapping[str, Mapping[str, Recorded]]
    training: Mapping[str, object] | None
    release_yaml: str
    policy_alpha: float
    measured: Recorded | None = None

    @property
    def candidate(self) -> Mapping[str, Recorded]:
        """The candidate's runs by suite; empty where none was made."""
        return self.runs.get(CANDIDATE, {})

    @property
    def roles(self) -> tuple[str, ...]:
        """The candidate first, then the baselines in the order given."""
        return (*([CANDIDATE] if CANDIDATE in self.runs else []), *self.baselines)

    @property
    def baselines(self) -> tuple[str, ...]:
        """The names of the baselines that were run."""
        return tuple(role for role in self.runs if role != CANDIDATE)


def result_of(runs: Mapping[str, Recorded], suite: str, task: str) -> TaskResult | None:
    """One task's result, None where this role did not run it."""
    found = runs.get(suite)
    return next((result for result in found[1] if result.task == task), None) if found else None
