"""Two adapters that gave the same outputs on every sample: one of them may not be what answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from harness.core.errors import HarnessError
from harness.core.ids import short
from harness.core.runs import Run, TaskResult
from harness.pipeline.workspace import Workspace
from harness.store.bundle import OUTPUTS
from harness.store.manifest import read_manifest
from harness.store.parquet import read_rows

_Said = tuple[str, str, int, str | None, str | None]


def twin_notes(workspace: Workspace, run: Run, results: Sequence[TaskResult]) -> list[str]:
    """A sentence for each other adapter on the same base whose stored run of the same suite says the very same."""
    if run.model.adapter_digest is None:
        return []
    return [
        f"this adapter and the adapter {digest} gave the same output on every sample of {run.suite}: unless they are "
        "alike, one of them is not what answered"
        for digest, folder in sorted(_others(workspace, run))
        if _same(results, folder / OUTPUTS)
    ]


def _others(workspace: Workspace, run: Run) -> Iterator[tuple[str, Path]]:
    this = run.model
    for folder in (workspace.state / "runs").glob("*"):
        try:
            other = read_manifest(folder)["run"]
            model, digest = other["model"], other["model"]["adapter_digest"]
            is_alike = other["suite_digest"] == run.suite_digest and model["base_digest"] == this.base_digest
            if is_alike and digest not in (None, this.adapter_digest) and model["few_shot"] == this.few_shot:
                yield short(str(digest)), folder
        except (HarnessError, ValueError, KeyError, TypeError):  # what was changed or interrupted is told elsewhere
            continue


def _same(results: Sequence[TaskResult], stored: Path) -> bool:
    """Most pairs differ at one of the first samples, and no more is read of them."""
    return all(output == stored_output for output, stored_output in zip_longest(_said(results), _read(stored)))


def _said(results: Sequence[TaskResult]) -> Iterator[_Said]:
    for result in results:
        for output in result.outputs:
            yield result.task, output.sample_id, output.repeat, output.text, _choices(output.choices)


def _read(stored: Path) -> Iterator[_Said]:
    for row in read_rows(stored):
        yield row["task"], row["sample_id"], row.get("repeat", 0), row["text"], _choices(row.get("choices"))


def _choices(values: Sequence[float] | None) -> str | None:
    return None if values is None else repr(list(values))
