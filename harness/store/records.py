"""Runs and their parts as JSON, and back. The only place that knows the stored names of fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from harness.core.directions import Better
from harness.core.runs import Counts, MetricInfo, Model, Run
from harness.core.samples import Answer, Outcome, Output, Sample, Score

# `asdict` copies deeply, which is most of the time that a large bundle takes.
_SAMPLE, _OUTPUT, _ANSWER, _SCORE = (
    tuple(field.name for field in fields(kind)) for kind in (Sample, Output, Answer, Score)
)


def run_to_json(run: Run) -> dict[str, Any]:
    """A run as plain JSON values: those of an older harness as it wrote them."""
    value = asdict(run)
    for name in ("data", "replaces"):
        if not value[name]:
            del value[name]
    return value


def run_from_json(value: Mapping[str, Any]) -> Run:
    """A run from what `run_to_json` gave, or an earlier harness."""
    metrics = {task: tuple(map(_metric_info, infos)) for task, infos in value["metrics"].items()}
    parts = {"model": Model(**value["model"]), "counts": Counts(**value["counts"]), "metrics": metrics}
    return Run(**{**value, **parts, "notes": tuple(value.get("notes", ()))})


def _metric_info(value: Mapping[str, Any]) -> MetricInfo:
    better = Better(value.get("better", Better.HIGHER))
    return MetricInfo(**{**value, "classes": tuple(value["classes"]), "better": better})


def output_to_json(output: Output) -> dict[str, Any]:
    """An output as plain JSON values."""
    value = {name: getattr(output, name) for name in _OUTPUT}
    if output.model is None:
        del value["model"]
    return value


def output_from_json(value: Mapping[str, Any]) -> Output:
    """An output from what `output_to_json` gave."""
    choices = value.get("choices")
    return Output(**value) if choices is None else Output(**{**value, "choices": tuple(choices)})


def sample_to_json(sample: Sample) -> dict[str, Any]:
    """A sample as plain JSON values."""
    return {name: getattr(sample, name) for name in _SAMPLE}


def sample_from_json(value: Mapping[str, Any]) -> Sample:
    """A sample from what `sample_to_json` gave."""
    return Sample(**value)


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """An answer as plain JSON values."""
    return {name: getattr(answer, name) for name in _ANSWER}


def answer_from_json(value: Mapping[str, Any]) -> Answer:
    """An answer from what `answer_to_json` gave."""
    return Answer(**{**value, "outcome": Outcome(value["outcome"])})


def score_to_json(score: Score) -> dict[str, Any]:
    """A score as plain JSON values."""
    return {name: getattr(score, name) for name in _SCORE}


def score_from_json(value: Mapping[str, Any]) -> Score:
    """A score from what `score_to_json` gave."""
    return Score(**value)
