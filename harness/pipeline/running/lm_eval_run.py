"""A task of lm-eval against the deployed model: lm-eval asks and scores, we keep every sample."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness import catalog
from harness.client.guard import Guard
from harness.client.interface import Client
from harness.config.source import nearest
from harness.core.errors import ConfigError, OutsideError
from harness.core.runs import TaskResult
from harness.core.secrets import mask_file
from harness.core.suites import Task
from harness.pipeline.running.lm_eval_results import task_result
from harness.store.memo import Memo
from harness.tasks.lm_eval import LmEval


@dataclass(frozen=True, slots=True)
class LmEvalResult:
    """A task's result, and which versions of lm-eval and of its tasks made it ("lm_eval", "lm_eval.<task>")."""

    result: TaskResult
    versions: Mapping[str, str]


def run_lm_eval(
    root: Path,
    base: Path,
    task: Task,
    connect: Callable[[], Client],
    adapter: str | None,
    memo: Memo,
    moved: Callable[[int, int], None],
    guard: Guard | None = None,
) -> LmEvalResult:
    """Run the task through lm-eval; finished requests are kept in `memo`. `base` is the base model's folder.

    `guard` proves between the requests that the model is still the one that was proven.

    Raises OutsideError where the server, lm-eval's data or a package fails, ConfigError where the task cannot be run.
    """
    kind: LmEval = catalog.build("tasks", task.kind, task.arguments)
    with _quiet(root):
        try:
            import lm_eval
            from lm_eval.tasks import TaskManager

            from harness.client.lm_eval_model import TgiLM
        except ImportError as error:
            raise OutsideError(f"lm-eval is not installed ({error}): pip install 'harness[lm-eval]'.") from None
        manager = TaskManager(include_path=_include(root, kind), include_defaults=kind.include is None)
        if kind.task not in manager.all_tasks:
            raise ConfigError(f"lm-eval knows no task '{kind.task}'. {nearest(kind.task, manager.all_tasks) or ''}")
        model = TgiLM(connect, adapter, base, memo, moved, guard)
        with _named(kind.task):
            found = lm_eval.simple_evaluate(
                model=model,
                tasks=[kind.task],
                num_fewshot=kind.num_fewshot,
                limit=kind.limit,
                bootstrap_iters=0,
                task_manager=manager,
                log_samples=True,
                apply_chat_template=kind.apply_chat_template,
                fewshot_as_multiturn=kind.fewshot_as_multiturn is not False,
            )
    _check_few_shot(kind, found["n-shot"])
    versions = {f"lm_eval.{name}": str(found["versions"].get(name)) for name in found["samples"]}
    return LmEvalResult(task_result(task, kind, found), {"lm_eval": version("lm_eval"), **versions})


def _include(root: Path, kind: LmEval) -> str | None:
    return str(root / kind.include) if kind.include else None


@contextlib.contextmanager
def _named(task: str) -> Iterator[None]:
    """What lm-eval raises where a task cannot be loaded or must not be run, with the task's name."""
    try:
        yield
    except OSError as error:  # data that are not to be had, too: the errors of datasets and of the hub are kinds of it
        raise OutsideError(f"lm-eval could not go on with the task '{task}': {error}") from error
    except ImportError as error:
        raise OutsideError(f"the lm-eval task '{task}' needs a package that is not installed: {error}") from error
    except ValueError as error:
        if "unsafe" not in str(error):
            raise
        raise ConfigError(
            f"the lm-eval task '{task}' runs code that the model writes, which is never done here."
        ) from None


def _check_few_shot(kind: LmEval, used: Mapping[str, Any]) -> None:
    """lm-eval leaves a task at 0 examples whose file says 0, whatever it is asked."""
    other = sorted(name for name, number in used.items() if kind.num_fewshot not in (None, number))
    if other:
        raise ConfigError(f"lm-eval does not give '{other[0]}' {kind.num_fewshot} examples, since its file fixes them.")


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
        mask_file(log)
        logging.disable(level)
