"""One stored task with every model that was asked it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.core.policies import Policy
from harness.core.runs import MetricInfo, TaskResult
from harness.pipeline.judging.evidence import Material
from harness.report.material import CANDIDATE
from harness.stats.series import Ints, Settings
from harness.store.columns import TaskColumns

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Inputs:
    """`lengths` are characters, in the samples' order; `texts` are of the places that were asked for."""

    lengths: Ints
    texts: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task of the candidate's run. `columns` and `runs` (ids) are by role, the candidate first.

    `digests` tell each role's version of the task: only the same one is compared. `prefix` is what the metrics' names
    begin with ("suite", or "suite.task" where the suite has several tasks). `material` are all runs of the decision.
    `inputs` and `told` (by role, the samples that are shown) are there where they were read with those of other tasks.
    """

    suite: str
    name: str
    prefix: str
    infos: tuple[MetricInfo, ...]
    columns: Mapping[str, TaskColumns]
    runs: Mapping[str, str]
    digests: Mapping[str, str | None]
    settings: Settings
    connection: duckdb.DuckDBPyConnection
    material: Material = field(default_factory=dict)
    policy: Policy = field(default_factory=lambda: Policy(gates=()))
    inputs: Inputs | None = None
    told: Mapping[str, TaskResult] = field(default_factory=dict)

    @property
    def ours(self) -> TaskColumns:
        """The candidate's columns."""
        return self.columns[CANDIDATE]

    @property
    def main(self) -> MetricInfo | None:
        """The metric that tells a right answer from a wrong one, sample by sample: a rate before a mean."""
        rank = {"rate": 0, "mean": 1}
        telling = [info for info in self.infos if info.aggregate in rank and info.name != "format"]
        return min(telling, key=lambda info: rank[info.aggregate], default=None)
