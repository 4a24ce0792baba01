"""release.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.config.schema.baselines import BaselineFile
from harness.config.schema.candidate import CandidateFile, ExperimentsFile
from harness.config.schema.gates import GateFile, PolicyFile
from harness.config.schema.report import PricesFile, ReportFile
from harness.config.schema.route import CanaryFile, RouteFile
from harness.config.schema.serve import LocalFile, ServeFile
from harness.config.schema.types import File, Name


class MeasureFile(File):
    """The phase that measures latency, throughput and errors, on a server that answers nothing else."""

    concurrency: int = Field(4, ge=1, le=1024, description="Requests in flight at once, always.")
    requests: int = Field(80, ge=59, le=100_000, description="Requests that count, for each model (59 or more).")
    warm_up: int = Field(8, ge=0, le=10_000, description="Requests before them, for each model.")
    baseline: str | None = Field(None, description="The baseline measured beside the candidate (default: the first).")
    suites: list[str] = Field(default_factory=list, description="Names of suites whose prompts are sent; default: all.")


class ReleaseFile(File):
    """release.yaml: everything about one release."""

    version: Literal[1] = Field(description="Version of this format.")
    name: Name = Field(description="Name of the release: lower-case letters, digits, - and _.")
    candidate: CandidateFile
    experiments: ExperimentsFile | None = Field(None, description="Several trainings; the best is the candidate.")
    serve: ServeFile = Field(default_factory=lambda: ServeFile(local=LocalFile()))
    baselines: dict[Name, BaselineFile] = Field(default_factory=dict, description="Models to compare with, by name.")
    suites: list[str] = Field(min_length=1, description="Paths of the suites.")
    measure: MeasureFile | None = Field(None, description="How latency, throughput and errors are measured.")
    policy_file: str | None = Field(
        None, description="Path of a file with `gates` and `policy`, in the place of both here; releases may share it."
    )
    gates: list[GateFile] = Field(min_length=1, description="The rules. At least one must be critical or gating.")
    checks: list[str] = Field(default_factory=list, description="Python files of tests that must pass, too; they run.")
    policy: PolicyFile = Field(default_factory=PolicyFile)
    data_schema: str | None = Field(
        None, description="Rules of the training rows for `harness data`: schema.py:ROWS (pandera), or columns.yaml."
    )
    report: ReportFile = Field(default_factory=ReportFile, description="How the report is told.")
    prices: PricesFile | None = Field(None, description="What the models cost, for the report and gates on cost.*.")
    route: RouteFile = Field(default_factory=RouteFile, description="How `harness route` stands before production.")
    canary: CanaryFile = Field(default_factory=CanaryFile, description="When a canary advances or is rolled back.")
    home: str | None = Field(
        None, min_length=1, description="Folder of base models that projects share; default: ~/.cache/harness."
    )
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Seed of training, few-shot choice and bootstrap.")
