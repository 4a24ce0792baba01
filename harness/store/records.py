"""Runs and their parts as JSON, and back. The only place that knows the stored names of fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from harness.core.runs import Counts, MetricInfo, Model, Run
from harness.core.samples import Answer, Outcome, Output, Sample, Score


def run_to_json(run: Run) -> dict[str, Any]:
    """A run as plain JSON values."""
    return asdict(run)


def run_from_json(value: Mapping[str, Any]) -> Run:
    """A run from what `run_to_json` gave."""
    metrics = {task: tuple(map(_metric_info, infos)) for task, infos in value["metrics"].items()}
    parts = {"model": Model(**value["model"]), "counts": Counts(**value["counts"]), "metrics": metrics}
    return Run(**{**value, **parts})


def _metric_info(value: Mapping[str, Any]) -> MetricInfo:
    return MetricInfo(**{**value, "classes": tuple(value["classes"])})


def output_to_json(output: Output) -> dict[str, Any]:
    """An output as plain JSON values."""
    return asdict(output)


def output_from_json(value: Mapping[str, Any]) -> Output:
    """An output from what `output_to_json` gave."""
    choices = value.get("choices")
    return Output(**{**value, "choices": None if choices is None else tuple(choices)})


def sample_to_json(sample: Sample) -> dict[str, Any]:
    """A sample as plain JSON values."""
    return asdict(sample)


def sample_from_json(value: Mapping[str, Any]) -> Sample:
    """A sample from what `sample_to_json` gave."""
    return Sample(**value)


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """An answer as plain JSON values."""
    return asdict(answer)


def answer_from_json(value: Mapping[str, Any]) -> Answer:
    """An answer from what `answer_to_json` gave."""
    return Answer(**{**value, "outcome": Outcome(value["outcome"])})


def score_to_json(score: Score) -> dict[str, Any]:
    """A score as plain JSON values."""
    return asdict(score)


def score_from_json(value: Mapping[str, Any]) -> Score:
    """A score from what `score_to_json` gave."""
    return Score(**value)
