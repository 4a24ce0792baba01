"""Rules of sampling that a release's server cannot be told."""

from __future__ import annotations

from harness.config.schema import ReleaseFile
from harness.config.source import Source
from harness.core.errors import Problem
from harness.core.suites import Suite

# TGI's chat API has a repetition penalty, but neither of these; other servers are asked who they are.
UNKNOWN_TO_TGI = ("top_k", "min_p")
_NO_TGI = ("openai", "vllm")


def generation_problems(parsed: ReleaseFile, suites: tuple[Suite, ...], source: Source) -> list[Problem]:
    """Keys of a task's `generation` that the server's API has no word for."""
    if any(getattr(parsed.serve, kind) for kind in _NO_TGI):
        return []
    problems = []
    for index, suite in enumerate(suites):
        keys = ("suites", index) if len(suites) == len(parsed.suites) else ("suites",)
        for task in suite.tasks:
            unknown = [key for key in UNKNOWN_TO_TGI if key in task.generation.extras]
            if unknown:
                message = f"{suite.name}.{task.name} sets {' and '.join(unknown)}, and TGI's chat API has no such key."
                problems.append(source.problem(keys, message, "Take it out of 'generation', or serve with vLLM."))
    return problems
