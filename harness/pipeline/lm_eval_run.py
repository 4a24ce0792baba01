"""A task of lm-eval against the deployed model: lm-eval asks and scores, we keep every sample."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import catalog
from harness.client.tgi import TgiClient
from harness.core.errors import ConfigError, OutsideError
from harness.core.releases import Task
from harness.core.runs import TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample, Score
from harness.store.memo import Memo

# What lm-eval calls a share of right answers, in the order of preference.
_RIGHT = ("acc", "exact_match")


def run_lm_eval(
    root: Path,
    task: Task,
    connect: Callable[[], TgiClient],
    adapter: str | None,
    folder: Path,
    moved: Callable[[int, int], None],
) -> TaskResult:
    """Run the task through lm-eval; finished requests are kept in `folder`. Raises OutsideError, ConfigError."""
    kind = catalog.build("tasks", task.kind, task.arguments)
    with _quiet(root):
        try:
            import lm_eval
            from lm_eval.tasks import TaskManager

            from harness.client.lm_eval_model import TgiLM
        except ImportError as error:
            raise OutsideError(f"lm-eval is not installed ({error}): pip install 'harness[lm-eval]'.") from None
        include = str(root / kind.include) if kind.include else None
        manager = TaskManager(include_path=include, include_defaults=include is None)
        found = lm_eval.simple_evaluate(
            model=TgiLM(connect, adapter, Memo(folder / f"lm_eval.{task.name}.jsonl"), moved),
            tasks=[kind.task],
            limit=kind.limit,
            bootstrap_iters=0,
            task_manager=manager,
            log_samples=True,
        )
    samples = (found or {}).get("samples", {}).get(kind.task)
    if not samples:
        raise ConfigError(f"lm-eval gave no samples for the task '{kind.task}'.")
    expected = (found or {})["n-samples"][kind.task]["effective"]
    return _result(task.name, _one_filter(samples), expected)


@contextlib.contextmanager
def _quiet(root: Path) -> Iterator[None]:
    """lm-eval works from the project's folder; what it and its children say goes to a log."""
    os.environ.setdefault("HF_DATASETS_CACHE", str(root / ".harness" / "datasets"))
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    log = root / ".harness" / "logs" / "lm_eval.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    level, kept = logging.root.manager.disable, os.dup(2)
    logging.disable(logging.WARNING)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        with contextlib.chdir(root):
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        logging.disable(level)


def _one_filter(samples: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """lm-eval gives each row once for every filter of a task; the task's first filter counts."""
    first = samples[0].get("filter")
    return sorted((s for s in samples if s.get("filter") == first), key=lambda sample: int(sample["doc_id"]))


def _result(task: str, found: list[Mapping[str, Any]], expected: int) -> TaskResult:
    if len(found) != expected:
        raise OutsideError(f"lm-eval gave {len(found)} of {expected} samples of '{task}'. Nothing was judged.")
    names = [str(sample["doc"].get("id", sample["doc_id"])) for sample in found]
    if len(set(names)) < len(names):
        names = [str(sample["doc_id"]) for sample in found]
    rows = [_row(name, sample) for name, sample in zip(names, found, strict=True)]
    samples, outputs, answers, scores = zip(*rows, strict=True)
    return TaskResult(task, samples, outputs, answers, scores)


def _row(name: str, found: Mapping[str, Any]) -> tuple[Sample, Output, Answer, Score]:
    doc = {str(key): value for key, value in found["doc"].items()}
    metric = next((key for key in _RIGHT if key in found), None)
    if metric is None:
        raise ConfigError(f"lm-eval scores this task by neither of {', '.join(_RIGHT)}; accuracy needs one of them.")
    responses = found["filtered_resps"]
    output, value = _output(name, responses, doc)
    score = Score(name, "accuracy", float(found[metric]))
    return Sample(name, doc, found["target"]), output, Answer(name, Outcome.SCORED, value), score


def _output(name: str, responses: Any, doc: Mapping[str, Any]) -> tuple[Output, Any]:
    """Of a multiple choice the likeliest choice and all log-likelihoods; else the text."""
    if isinstance(responses[0], list | tuple):
        likelihoods = tuple(float(response[0]) for response in responses)
        best = max(range(len(likelihoods)), key=lambda i: likelihoods[i])
        choices = doc.get("choices")
        text = str(choices[best]) if isinstance(choices, list) and len(choices) == len(likelihoods) else str(best)
        return Output(name, text, "scored", choices=likelihoods), best
    return Output(name, str(responses[0]), "generated"), str(responses[0])
