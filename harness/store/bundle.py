"""A run's folder: outputs as they come, then samples, answers, scores and hashes, and the manifest last.

`<runs>/<run id>/` with manifest.json is a finished bundle and never changes. Without a manifest it is a run that was
interrupted: its outputs.jsonl holds what was finished, and the next run goes on from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.core.errors import OutsideError
from harness.core.ids import digest_file
from harness.core.runs import Run, TaskResult
from harness.core.samples import Json, Score
from harness.core.secrets import masked_answer, masked_json, masked_output, masked_samples
from harness.store import records
from harness.store.files import json_line, write_lines
from harness.store.journal import OUTPUTS, Journal
from harness.store.manifest import MANIFEST, is_whole, read_manifest, write_manifest
from harness.store.parquet import read_rows, write_parquet
from harness.store.parts import FILES, FORMAT

__all__ = ["MANIFEST", "OUTPUTS", "Journal"]  # what others know a bundle by


class BundleRefused(OutsideError):
    """A bundle that is not as its run left it, or breaks a rule of the store."""


def is_finished(folder: Path) -> bool:
    """Whether the bundle is complete."""
    return (folder / MANIFEST).is_file()


def finish(folder: Path, run: Run, results: Iterable[TaskResult], recipe: Mapping[str, Json] | None = None) -> None:
    """Write the other parts and, last, the manifest: from then on the bundle is the run. Keys are masked.

    `recipe` is what it takes to do the run again, beside the samples: prompts, generation, metrics, seed. Nothing but
    latencies, attempts and times differs where a run was interrupted. Raises OutsideError where the disk refuses,
    ValueError for numbers that JSON lacks.
    """
    results = tuple(results)
    names = FILES[FORMAT]
    write_lines(folder / names[0], _lines(results, lambda r: map(records.sample_to_json, masked_samples(r.samples))))
    write_lines(
        folder / names[1], _lines(results, lambda r: map(records.output_to_json, map(masked_output, r.outputs)))
    )
    write_lines(
        folder / names[2], _lines(results, lambda r: map(records.answer_to_json, map(masked_answer, r.answers)))
    )
    write_parquet(folder / names[3], "scores", _lines(results, lambda r: map(_score, r.scores)))
    write_manifest(folder, run, {name: masked_json(value) for name, value in (recipe or {}).items()})


def read_run(folder: Path) -> Run:
    """The run of a finished bundle. Raises BundleRefused where it is not as it was when the run finished."""
    try:
        manifest = read_manifest(folder)
        digests = {name: manifest["digests"][name] for name in FILES[manifest["format"]]}
        changed, run = [] if is_whole(manifest) else [MANIFEST], records.run_from_json(manifest["run"])
    except (ValueError, KeyError, TypeError, AttributeError):
        digests, changed = {}, [MANIFEST]
    changed += [name for name, digest in digests.items() if not _is(folder / name, digest)]
    if changed:
        raise BundleRefused(
            f"the bundle {folder} was changed after its run: {', '.join(changed)}. Put it back, or remove the folder "
            "and run again."
        )
    return run


def part_files(folder: Path) -> Mapping[str, Path]:
    """The files of a finished bundle by part: samples, outputs, answers, scores."""
    names = FILES[read_manifest(folder)["format"]]
    return {name.partition(".")[0]: folder / name for name in names}


def read_results(folder: Path) -> tuple[TaskResult, ...]:
    """The tasks of a finished bundle, with samples, outputs, answers and scores in the samples' order."""
    readers: dict[str, Callable[[Mapping[str, Any]], Any]] = {
        "samples": records.sample_from_json, "outputs": records.output_from_json,
        "answers": records.answer_from_json, "scores": records.score_from_json,
    }  # fmt: skip
    files = part_files(folder)
    samples, outputs, answers, scores = (_by_task(files[part], reader) for part, reader in readers.items())
    return tuple(
        TaskResult(
            task, tuple(rows), tuple(outputs.get(task, ())), tuple(answers.get(task, ())), tuple(scores.get(task, ()))
        )
        for task, rows in samples.items()
    )


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and digest_file(path) == digest


def _score(score: Score) -> dict[str, Any]:
    if score.value is not None and not math.isfinite(score.value):
        raise ValueError(f"the score {score.metric} of {score.sample_id} is no finite number, which JSON lacks")
    return records.score_to_json(score)


def _lines(results: Iterable[TaskResult], values: Callable[[TaskResult], Iterable[Any]]) -> Iterator[bytes]:
    for result in results:
        for value in values(result):
            yield json_line({"task": result.task, **value})


def _by_task(path: Path, reader: Callable[[Mapping[str, Any]], Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for value in read_rows(path):
        found.setdefault(value.pop("task"), []).append(reader(value))
    return found
