"""The candidate beside another model on one metric of a stored task.

Here too little to be evidence is still something to look at: a gate refuses a run that lost too many samples, and its
samples are shown all the same.
"""

from __future__ import annotations

from harness.core.runs import MetricInfo
from harness.pipeline.comparing.samples import AskedPair
from harness.pipeline.judging.comparable import Asked, incomparable
from harness.pipeline.reporting.task import StoredTask
from harness.report.material import CANDIDATE

_NO_METRIC = MetricInfo("", "rate", 0)


def asked_pair(task: StoredTask, role: str) -> AskedPair:
    """The columns of the candidate and of `role`, for the main metric."""
    return AskedPair(_asked(task, CANDIDATE), _asked(task, role))


def problem_between(task: StoredTask, role: str) -> str:
    """Why `role` cannot be held against the candidate on this task; "" where it can."""
    return "" if role == CANDIDATE else incomparable(*asked_pair(task, role))


def _asked(task: StoredTask, role: str) -> Asked:
    main, judged = task.main or _NO_METRIC, task.material.get(role, {}).get(task.suite)
    infos = judged.run.metrics.get(task.name, ()) if judged else task.infos
    info = next((info for info in infos if info.name == main.name), _NO_METRIC)
    return Asked(task.columns[role], info, task.digests.get(role), {})
