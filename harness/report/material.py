"""All that a report is made of: what was decided, what it rests on, and how the candidate came to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.decisions import Decision
from harness.core.presentation import Presentation
from harness.core.runs import Run
from harness.report.numbers import SuiteNumbers, TaskNumbers
from harness.report.past import Past
from harness.report.service import BreakEven, Cost, Speed
from harness.report.taught import DataNumbers

CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Material:
    """A decision with its evidence.

    `runs` is by role ("candidate" or a baseline's name), then by suite, without the measured phase; `speed` is what
    that phase found, for each model (empty where there was none). `training` is the trainer's manifest, None where the
    adapter was given. `alpha` is the one-sided error of each bound. `history` are the release's decisions, oldest
    first, this one included, and `decided` counts them all. `costs` are by model, empty where there are no prices;
    `break_even` is None where no frontier is named.
    """

    decision: Decision
    runs: Mapping[str, Mapping[str, Run]]
    suites: tuple[SuiteNumbers, ...]
    training: Mapping[str, object] | None
    release_yaml: str
    alpha: float
    presentation: Presentation = field(default_factory=Presentation)
    speed: tuple[Speed, ...] = ()
    costs: tuple[Cost, ...] = ()
    history: tuple[Past, ...] = ()
    data: DataNumbers | None = None
    decided: int = 0
    break_even: BreakEven | None = None

    @property
    def candidate(self) -> Mapping[str, Run]:
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

    @property
    def tasks(self) -> tuple[TaskNumbers, ...]:
        """The tasks of all suites."""
        return tuple(task for suite in self.suites for task in suite.tasks)
