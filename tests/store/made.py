"""A finished run with one of everything that a bundle can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.client.proof import PROVEN
from harness.core.runs import Counts, MetricInfo, Model, Run, TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample, Score
from harness.store import bundle

RUN = Run(
    id="a" * 64, release="r", suite="s", suite_digest="b" * 64, model=Model("candidate", "c" * 64, "d" * 64, 2),
    server={"kind": "remote", "url": "http://h"}, started="2026-01-01T00:00:00+00:00", seconds=1.5,
    counts=Counts(2, 1, 1), metrics={"t": (MetricInfo("accuracy", "rate", 1, ("x", "y")),)},
    task_digests={"t": "e" * 64}, adapter_proof=PROVEN, versions={"harness": "0"},
)  # fmt: skip

# Texts that are hard to store: quotes, line ends, another script, nothing, a word of JSON.
TEXTS = ('"quoted", \\ and\nlines\r\n', "Grüße 你好 🎉", "", "null")


def results(texts: Sequence[str] = TEXTS) -> tuple[TaskResult, ...]:
    """Two tasks whose samples do not lie in the order of their names."""
    names = [f"s{len(texts) - i}" for i in range(len(texts))]
    samples = [
        Sample(name, {"id": name, "text": text, "n": [1, None, 2.5]}, text, name[:1], {"language": "de"})
        for name, text in zip(names, texts, strict=True)
    ]
    outputs = [
        Output(name, text, "stop", 3, 4, 0.1 + 0.2, (-1.5, -0.25)) for name, text in zip(names, texts, strict=True)
    ]
    outputs[-1] = Output(names[-1], None, error="HTTP 422: no")
    answers = [
        Answer(name, Outcome.SCORED, {"label": text, "deep": [1, None]})
        for name, text in zip(names, texts, strict=True)
    ]
    answers[-1] = Answer(names[-1], Outcome.NOT_EVALUATED, reason="HTTP 422: no")
    scores = [Score(name, "accuracy", 1 / 3, part) for part in ("", "field") for name in names]
    scores[-1] = Score(names[-1], "accuracy", None, reason="none")
    first = TaskResult("t", tuple(samples), tuple(outputs), tuple(answers), tuple(scores))
    second = TaskResult(
        "another", (Sample("s1", {}, None),), (Output("s1", "x"),), (Answer("s1", Outcome.MODEL_FAILED),), ()
    )
    return first, second


def finished(folder: Path, run: Run = RUN, given: tuple[TaskResult, ...] | None = None) -> Path:
    """The bundle, written."""
    folder.mkdir(parents=True, exist_ok=True)
    bundle.finish(folder, run, results() if given is None else given)
    return folder


def other(**changes: object) -> Run:
    """The run with something else."""
    return replace(RUN, **changes)  # type: ignore[arg-type]
