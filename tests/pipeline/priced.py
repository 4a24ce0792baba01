"""Stored runs with tokens and times, made by hand: a measured phase, and models' own runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.core.runs import TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample
from harness.pipeline.judging.evidence import Judged, Material
from tests.columns import columns
from tests.pipeline.hand_made import judged, result, some

# prompt tokens, generated tokens and seconds of a request; None: it failed
Asked = tuple[int | None, int | None, float | None] | None


def requests(
    role: str, asked: Sequence[Asked], attempts: int = 1, sent: Sequence[str] | None = None, group: str | None = None
) -> TaskResult:
    """One request for each; in a measured phase `sent` are the samples, "s.t:s0000" and so on where not given."""
    names = [f"s{i:04}" for i in range(len(asked))]
    origins = [f"s.t:{name}" for name in names] if sent is None else sent
    samples = [Sample(name, {}, None, group, {}, origin) for name, origin in zip(names, origins, strict=True)]
    outputs = [
        Output(name, None, error="connection reset", attempts=attempts)
        if one is None
        else Output(name, "a", "stop", *one, attempts=attempts)
        for name, one in zip(names, asked, strict=True)
    ]
    answers = [
        Answer(name, Outcome.NOT_EVALUATED if one is None else Outcome.SCORED, None if one is None else "a")
        for name, one in zip(names, asked, strict=True)
    ]
    return TaskResult(role, tuple(samples), tuple(outputs), tuple(answers), ())


def own(role: str, asked: Sequence[Asked], attempts: int = 1) -> Judged:
    """A run of the suite `s` with the one task `t`."""
    found = replace(requests(role, asked, attempts), task="t")
    return Judged(judged(role, result(some(1, 1))).run, {"t": columns(found)})


def phase(sides: Mapping[str, Sequence[Asked]], pace: Mapping[str, float] | None = None) -> Judged:
    """The measured phase; `pace` are answered requests a second by role."""
    figures = {f"{role}.requests_per_second": value for role, value in (pace or {}).items()}
    run = replace(judged("candidate", result(some(1, 1))).run, suite="measured", figures=figures)
    return Judged(run, {role: columns(requests(role, asked)) for role, asked in sides.items()})


def material(measured: Judged | None = None, **runs: Judged) -> Material:
    """Models with one suite each, and the measured phase."""
    found: dict[str, dict[str, Judged]] = {role: {"s": one} for role, one in runs.items()}
    if measured is not None:
        found.setdefault("candidate", {})["measured"] = measured
    return found
