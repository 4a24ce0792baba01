"""suites/*.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.config.schema.types import File, Name


class PromptFile(File):
    """Sandboxed Jinja templates over a row's columns."""

    user: str = Field(description='The user turn, e.g. "Message: {{ text }}".')
    system: str | None = Field(None, description="The system turn.")


class GenerationFile(File):
    """Generation parameters; greedy by default."""

    max_new_tokens: int = Field(64, ge=1, le=8192)
    temperature: float = Field(0.0, ge=0, le=5)
    top_p: float | None = Field(None, gt=0, lt=1)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    stop: list[str] = Field(default_factory=list, max_length=4)
    top_k: int | None = Field(None, ge=1, le=1000, description="Only the likeliest k tokens are drawn from.")
    repetition_penalty: float | None = Field(
        None, gt=0, le=2, description="Above 1 repetition is penalised, greedy answers' too; default: 1, no penalty."
    )
    min_p: float | None = Field(
        None, ge=0, lt=1, description="Only tokens with this share of the likeliest one's probability are drawn from."
    )


class TaskFile(BaseModel):
    """What every task has; the other keys are its kind's own (labels, schema, task, …)."""

    model_config = ConfigDict(extra="allow", strict=True)

    kind: str = Field(description="classify, extract, generate, refuse, lm_eval or robustness.")
    data: str | None = Field(None, description="JSON Lines of samples, each with an `id`.")
    examples: str | None = Field(None, description="Rows for few-shot prompts, never from `data`.")
    prompt: PromptFile | None = None
    alternatives: list[PromptFile] = Field(default_factory=list, description="Other prompts, for a prompt baseline.")
    validation: str | None = Field(None, description="Rows that choose among the prompts, never from `data`.")
    repeats: int = Field(1, ge=1, le=100, description="How often each sample is asked; its scores are averaged.")
    target: str = Field("target", description="Column that holds the right answer.")
    generation: GenerationFile = Field(default_factory=GenerationFile)
    slices: list[str] = Field(default_factory=list, description="Columns to report results by.")
    group: str | None = Field(None, description="Column of the unit of independence (document, customer, …).")
    metrics: list[str | dict[str, dict[str, object]]] = Field(
        default_factory=list, description="Metrics, by name or {name: {argument: value}}; default: the kind's own."
    )


class SuiteFile(File):
    """suites/*.yaml: one or more tasks."""

    version: Literal[1] = Field(1, description="Version of this format.")
    name: Name = Field(description="First part of the metrics' names.")
    description: str = ""
    tasks: dict[Name, TaskFile] = Field(min_length=1)
