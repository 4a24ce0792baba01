"""A run's folder: outputs as they come, then samples, answers, scores and hashes, and the manifest last.

`<runs>/<run id>/` with manifest.json is a finished bundle and never changes. Without a manifest it is a run that was
interrupted: its outputs.jsonl holds what was finished, and the next run goes on from there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harness.core.errors import OutsideError
from harness.core.ids import digest_file, digest_json
from harness.core.runs import Run, TaskResult
from harness.core.samples import Output
from harness.store import records

OUTPUTS, MANIFEST = "outputs.jsonl", "manifest.json"
PARTS = ("samples.jsonl", OUTPUTS, "answers.jsonl", "scores.jsonl")


def is_finished(folder: Path) -> bool:
    """Whether the bundle is complete."""
    return (folder / MANIFEST).is_file()


class Journal:
    """The outputs of a run under way, appended one by one; what an earlier try finished is read back first."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / OUTPUTS
        self.done: dict[tuple[str, str], Output] = {}
        self._waiting = 0
        for task, output in self._kept():
            self.done[task, output.sample_id] = output
        _write_lines(self.path, (_line(task, output) for (task, _), output in self.done.items()))

    def _kept(self) -> Iterator[tuple[str, Output]]:
        """Whole lines without an error: a torn last line and failed requests are asked again."""
        lines = self.path.read_bytes().split(b"\n") if self.path.exists() else []
        for line in lines:
            try:
                value = json.loads(line)
                task, output = value.pop("task"), records.output_from_json(value)
            except (ValueError, TypeError, KeyError, AttributeError):
                continue
            if output.error is None:
                yield task, output

    def __enter__(self) -> Self:
        self._file = self.path.open("a", encoding="utf-8")
        return self

    def add(self, task: str, output: Output) -> None:
        """Keep an output. Raises OutsideError where the disk refuses; what was kept before stays usable."""
        if (task, output.sample_id) in self.done:
            raise ValueError(f"{task} has an output for {output.sample_id} already")
        self.done[task, output.sample_id] = output
        try:
            self._file.write(_line(task, output))
            self._file.flush()
            self._waiting += 1
            if self._waiting >= 32:
                self._sync()
        except OSError as error:
            raise OutsideError(f"cannot write {self.path}: {error.strerror}. Free some space and run again.") from None

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._waiting = 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sync()
        self._file.close()


def finish(folder: Path, run: Run, results: Iterable[TaskResult]) -> None:
    """Write the other parts and, last, the manifest: from then on the bundle is the run."""
    results = tuple(results)
    _write_lines(folder / PARTS[0], _lines(results, lambda r: map(records.sample_to_json, r.samples)))
    _write_lines(folder / PARTS[1], _lines(results, lambda r: map(records.output_to_json, r.outputs)))
    _write_lines(folder / PARTS[2], _lines(results, lambda r: map(records.answer_to_json, r.answers)))
    _write_lines(folder / PARTS[3], _lines(results, lambda r: map(records.score_to_json, r.scores)))
    digests = {name: digest_file(folder / name) for name in PARTS}
    value = records.run_to_json(run)
    manifest = {"format": 1, "run": value, "digests": digests, "run_digest": digest_json(value)}
    _write_text(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def read_run(folder: Path) -> Run:
    """The run of a finished bundle. Raises OutsideError where it is not as it was when the run finished."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        run, digests = manifest["run"], {name: manifest["digests"][name] for name in PARTS}
        changed = [MANIFEST] if digest_json(run) != manifest["run_digest"] else []
    except (OSError, ValueError, KeyError, TypeError):
        run, digests, changed = None, {}, [MANIFEST]
    changed += [name for name, digest in digests.items() if not _is(folder / name, digest)]
    if changed:
        raise OutsideError(
            f"the bundle {folder} was changed after its run: {', '.join(changed)}. Put it back, or remove the folder "
            "and run again."
        )
    return records.run_from_json(run)


def read_results(folder: Path) -> tuple[TaskResult, ...]:
    """The tasks of a finished bundle, with samples, outputs, answers and scores in the samples' order."""
    parts: list[dict[str, list[Any]]] = []
    readers = (records.sample_from_json, records.output_from_json, records.answer_from_json, records.score_from_json)
    for name, reader in zip(PARTS, readers, strict=True):
        by_task: dict[str, list[Any]] = {}
        with (folder / name).open(encoding="utf-8") as file:
            for line in file:
                value = json.loads(line)
                by_task.setdefault(value.pop("task"), []).append(reader(value))
        parts.append(by_task)
    samples, outputs, answers, scores = parts
    return tuple(
        TaskResult(task, tuple(samples[task]), tuple(outputs[task]), tuple(answers[task]), tuple(scores.get(task, ())))
        for task in samples
    )


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and digest_file(path) == digest


def _lines(results: Iterable[TaskResult], values: Any) -> Iterator[str]:
    for result in results:
        for value in values(result):
            yield json.dumps({"task": result.task, **value}, ensure_ascii=False, allow_nan=False) + "\n"


def _line(task: str, output: Output) -> str:
    value: Mapping[str, Any] = records.output_to_json(output)
    return json.dumps({"task": task, **value}, ensure_ascii=False) + "\n"


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    _write_text(path, "".join(lines))


def _write_text(path: Path, text: str) -> None:
    """Whole or not at all: a half-written file never has the final name."""
    beside = path.with_name(path.name + ".new")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise OutsideError(f"cannot write {path}: {error.strerror}.") from None
