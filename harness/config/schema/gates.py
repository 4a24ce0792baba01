"""Rules of a release, and what the rules share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.config.schema.types import File, Name, Seconds, Threshold


class GateFile(File):
    """One rule: a metric, and at_least, at_most, at_most_share, margin, improves, no_critical_failures or win_rate."""

    metric: str = Field(description="suite.metric, suite.task.metric, latency.p95, errors.rate or cost.request.")
    at_least: Threshold | None = Field(None, description="The metric's lower bound must exceed this.")
    at_most: Threshold | None = Field(None, description="The metric's upper bound must stay below this (5s, 0.01).")
    at_most_share: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Largest share of the baseline's cost: 0.5 is half of it. Of cost.request only."
    )
    against: str | None = Field(None, description="Name of the baseline to compare with.")
    margin: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Largest loss tolerated against the baseline (non-inferiority), in the metric's unit."
    )
    improves: Literal[True] | None = Field(
        None, description="The metric must be better than the baseline's; a cost lower: at_most_share of 1."
    )
    no_critical_failures: Literal[True] | Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="No sample may fail, and failures are shown to be rarer than this (true: 0.03)."
    )
    win_rate: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Share of samples on which the candidate must beat the baseline (a tie counts half)."
    )
    class_: str | None = Field(None, alias="class", description="Only samples of this class; macro_f1: its own F1.")
    field: str | None = Field(None, description="Only this field of the record.")
    slice: Annotated[dict[str, str], Field(min_length=1, max_length=1)] | None = Field(
        None, description="Only samples of this slice: {column: value}."
    )
    each: str | None = Field(None, description="One gate for every class, field, or value of a slice's column.")
    role: Literal["critical", "gating", "guardrail", "advisory"] = Field("gating", description="How much it counts.")


class PolicyFile(File):
    """What all gates share."""

    alpha: float = Field(0.05, gt=0, lt=0.5, description="One-sided error of each bound.")
    min_samples: int = Field(30, ge=30, description="Fewest samples on which a gate may PASS (30 or more).")
    max_not_evaluated: float = Field(
        0.01, ge=0, le=0.01, description="Largest share of samples lost to the infrastructure (0.01 or less)."
    )
    max_refused: float = Field(
        0.05, ge=0, le=0.1,
        description="Largest share of samples that the server refuses for good (too long); they count as failed.",
    )  # fmt: skip
    resamples: int = Field(9_999, ge=1_999, le=999_999, description="Bootstrap resamples.")
    looks: Annotated[int, Field(ge=1, le=10)] | Literal["anytime"] = Field(
        1, description="How often the samples may be looked at while they come in; anytime: as often as you like."
    )
    max_attempts: int | None = Field(
        None, ge=1, description="How many candidates may be judged on the same samples; default: any number, and said."
    )
    max_leaked: int = Field(
        0, ge=0, description="How many samples may stand in the training data; gates must then hold without them, too."
    )
    max_age: Seconds | Literal["never"] = Field(
        604_800.0,
        description="How long the run of a model counts that is known by address and name alone (remote, openai): 7d; "
        "or never.",
    )


class RulesFile(File):
    """A policy file: gates and policy of one release, or of several that name it as `policy_file`."""

    version: Literal[1] = Field(1, description="Version of this format.")
    gates: list[GateFile] = Field(min_length=1, description="The rules. At least one must be critical or gating.")
    policy: PolicyFile = Field(default_factory=PolicyFile)


class WaiverFile(File):
    """An owner's word that one gate may miss its bound, by so much and until then."""

    gate: str = Field(description="The gate's id, as `harness plan` shows it: triage.accuracy:margin:base.")
    owner: str = Field(min_length=1, description="Who answers for it.")
    reason: str = Field(min_length=1, description="Why.")
    largest_drop: float = Field(gt=0, description="How far the bound may be missed, in the metric's unit.")
    expires: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="Last day on which it holds: 2026-12-31.")
    release: Name | None = Field(None, description="The release that it is for.")
    adapter: str | None = Field(
        None, pattern=r"^[0-9a-f]{8,64}$", description="First digits of the digest of the adapter that it is for."
    )


class WaiversFile(File):
    """waivers.yaml, beside release.yaml."""

    version: Literal[1] = Field(1, description="Version of this format.")
    waivers: list[WaiverFile] = Field(default_factory=list, description="One for each gate.")
