"""What the candidate was taught and what it was asked: rows and digests, and whether one was sought in the other."""

from __future__ import annotations

from collections.abc import Mapping

from harness.core.metric_refs import MEASURED_RUN
from harness.pipeline.judging.comparable import of_task
from harness.pipeline.judging.evidence import Judged
from harness.report.taught import AskedData, DataNumbers, TaughtData

_TAUGHT = {"data": "rows", "validation": "validation_rows"}  # a digest of the trainer's manifest, and its count


def data_numbers(
    suites: Mapping[str, Judged], training: Mapping[str, object] | None, trained_here: bool
) -> DataNumbers:
    """The data of a decision. `suites` are the candidate's runs; `trained_here`: the release declares the training.

    Only then were the tests sought among the rows that taught: `harness` refuses a release where one is found.
    """
    tests = tuple(
        AskedData(suite, task, len(columns.ids), judged.run.data.get(task), trained_here and _has_prompt(judged, task))
        for suite, judged in suites.items()
        if suite != MEASURED_RUN
        for task, columns in judged.results.items()
    )
    return DataNumbers(_taught(training or {}), tests)


def _taught(training: Mapping[str, object]) -> tuple[TaughtData, ...]:
    digests = training.get("digests")
    known = digests if isinstance(digests, Mapping) else {}
    return tuple(
        TaughtData("training" if name == "data" else name, rows if isinstance(rows, int) else None, str(known[name]))
        for name, rows in ((name, training.get(count)) for name, count in _TAUGHT.items())
        if known.get(name)
    )


def _has_prompt(judged: Judged, task: str) -> bool:
    """Whether a task's questions are texts of ours: lm-eval's own are not looked for."""
    return bool(of_task(judged.recipe, task).get("prompt"))
