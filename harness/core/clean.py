"""A task's result beside that of its perturbed copy: what the samples were worth before they were perturbed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from harness.core.runs import TaskResult
from harness.core.samples import Answer, Output, Sample, Score

Part = TypeVar("Part", Output, Answer, Score)


def before(perturbed: TaskResult, clean: TaskResult) -> TaskResult:
    """The clean task's result, told once for each perturbed sample and under its id.

    A sample that was perturbed in six ways stands there six times, so that both results pair place by place. A lost
    sample stays lost. Raises ValueError where the clean task has not the samples that these were made of.
    """
    origins = {sample.id: sample for sample in clean.samples}
    lacking = [sample.id for sample in perturbed.samples if sample.origin not in origins]
    if lacking:
        raise ValueError(f"{len(lacking)} samples are of no sample of it (e.g. {lacking[0]})")
    copies = [(sample.id, str(sample.origin)) for sample in perturbed.samples]
    return TaskResult(
        perturbed.task,
        tuple(_as(name, origins[origin]) for name, origin in copies),
        _again(copies, clean.outputs),
        _again(copies, clean.answers),
        _again(copies, clean.scores),
    )


def _as(name: str, sample: Sample) -> Sample:
    """A sample under another id, in the group that its copies are in."""
    return replace(sample, id=name, group=sample.id if sample.group is None else sample.group, origin=sample.id)


def _again(copies: Iterable[tuple[str, str]], parts: Iterable[Part]) -> tuple[Part, ...]:
    by_sample: dict[str, list[Part]] = {}
    for part in parts:
        by_sample.setdefault(part.sample_id, []).append(part)
    return tuple(replace(part, sample_id=name) for name, origin in copies for part in by_sample.get(origin, ()))
