"""The outputs of a run under way: each is appended as it comes, and survives a kill at any point."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from harness.core.errors import OutsideError
from harness.core.samples import Output
from harness.core.secrets import masked_output
from harness.store import records
from harness.store.files import json_line, refused, write_all, write_lines

OUTPUTS = "outputs.jsonl"
# The disk is asked to keep what was written when so many outputs wait for it, or so many seconds are over.
SYNC_COUNT, SYNC_SECONDS = 256, 0.5

_HELD = "held"

Key = tuple[str, str, int]


class Journal:
    """Appends outputs one by one; `done` is what is finished, by (task, sample id, repeat), of earlier tries too.

    With `only_held`, outputs of earlier tries count up to the last `hold` alone: nothing proves that those after it
    are of the right model. In the file a hold is a line of its own, with the number of outputs that it covers.
    """

    def __init__(self, folder: Path, only_held: bool = False) -> None:
        """Read back what an earlier try finished. Raises OutsideError where the folder cannot be made or read."""
        self.path = folder / OUTPUTS
        self._log: list[tuple[str, Output]] = []
        self._held, self._only_held = 0, only_held
        try:
            folder.mkdir(parents=True, exist_ok=True)
            whole = all([self._read(line) for line in self._lines()])
        except OSError as error:
            raise OutsideError(f"cannot use the run's folder {folder}: {error.strerror}.") from None
        self.done = _finished(self._log[: self._held] if only_held else self._log)
        rewritten = not whole or len(self.done) < len(self._log)
        self._log = [(task, output) for (task, _, _), output in self.done.items()]
        self._held = len(self._log)
        if rewritten:
            write_lines(self.path, self._whole())

    @property
    def position(self) -> int:
        """How many outputs there are, for `hold`."""
        return len(self._log)

    @property
    def is_held(self) -> bool:
        """Whether every output is covered by a hold."""
        return self._held == len(self._log)

    def _lines(self) -> Iterator[bytes]:
        if self.path.is_file():
            with self.path.open("rb") as file:
                yield from file

    def _read(self, line: bytes) -> bool:
        """Whether the line is whole: torn lines are not."""
        try:
            value = orjson.loads(line)
            if value.keys() == {_HELD}:
                self._held = min(int(value[_HELD]), len(self._log))
            else:
                self._log.append((value.pop("task"), records.output_from_json(value)))
        except (ValueError, TypeError, KeyError, AttributeError):
            return False
        return line.endswith(b"\n")

    def _whole(self) -> Iterator[bytes]:
        yield from (_line(task, output) for task, output in self._log)
        if self._only_held:
            yield json_line({_HELD: self._held})

    def __enter__(self) -> Self:
        try:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise refused(self.path, error) from None
        self._syncer = _Syncer(self._descriptor)
        return self

    def add(self, task: str, output: Output) -> Output:
        """Keep an output, and give it as it is kept: with keys masked.

        Raises OutsideError where the disk refuses; what was kept before stays usable.
        """
        key = (task, output.sample_id, output.repeat)
        if key in self.done:
            raise ValueError(f"{task} has an output for {output.sample_id} already")
        output = masked_output(output)
        try:
            line = _line(task, output)
        except UnicodeEncodeError:  # halves of surrogate pairs, which no file can hold
            output = replace(output, text=(output.text or "").encode("utf-8", "replace").decode())
            line = _line(task, output)
        self._write(line)
        self.done[key] = output
        self._log.append((task, output))
        return output

    def hold(self, position: int | None = None) -> list[tuple[str, Output]]:
        """The first `position` outputs (None: all) are proven to be of the right model; gives those that were not yet.

        Raises OutsideError where the disk refuses.
        """
        position = len(self._log) if position is None else position
        new = self._log[self._held : position]
        if new:
            self._held = position
            if self._only_held:
                self._write(json_line({_HELD: position}))
        return new

    def drop(self) -> int:
        """Forget every output since the last hold, as if it had never come; gives how many. Raises OutsideError."""
        lost = len(self._log) - self._held
        self._log = self._log[: self._held]
        self.done = _finished(self._log)
        try:
            os.ftruncate(self._descriptor, 0)
        except OSError as error:
            raise refused(self.path, error) from None
        self._write(b"".join(self._whole()))
        return lost

    def _write(self, data: bytes) -> None:
        try:
            write_all(self._descriptor, data)
            self._syncer.written()
        except OSError as error:
            raise refused(self.path, error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._syncer.end()
        except OSError as failed:
            raise refused(self.path, failed) from None
        finally:
            os.close(self._descriptor)


def go_on_from(earlier: Path, folder: Path) -> None:
    """Let a run that has no output yet begin with those of an earlier one. Raises OutsideError."""
    if (folder / OUTPUTS).exists() or not (earlier / OUTPUTS).is_file():
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (earlier / OUTPUTS).open("rb") as file:
            lines = list(file)
        write_lines(folder / OUTPUTS, [*lines, json_line({_HELD: len(lines)})])
    except OSError as error:
        raise refused(folder / OUTPUTS, error) from None


def _finished(log: Iterable[tuple[str, Output]]) -> dict[Key, Output]:
    """By key, the first output of each: failed requests are asked again."""
    found: dict[Key, Output] = {}
    for task, output in log:
        if output.error is None:
            found.setdefault((task, output.sample_id, output.repeat), output)
    return found


class _Syncer:
    """Asks the disk to keep what was written, in a thread of its own: no request waits for it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._unsynced, self._ended = descriptor, 0, False
        self._error: OSError | None = None
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def written(self) -> None:
        """Count one output. Raises OSError where the disk failed since the last one."""
        if self._error:
            raise self._error
        self._unsynced += 1
        if self._unsynced >= SYNC_COUNT:
            self._wake.set()

    def end(self) -> None:
        """Wait until everything is kept. Raises OSError where the disk failed."""
        self._ended = True
        self._wake.set()
        self._thread.join()
        if self._error:
            raise self._error

    def _work(self) -> None:
        while not self._ended:
            self._wake.wait(SYNC_SECONDS)
            self._wake.clear()
            self._sync()
        self._sync()

    def _sync(self) -> None:
        if self._unsynced:
            self._unsynced = 0
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                self._error = error


def _line(task: str, output: Output) -> bytes:
    return json_line({"task": task, **records.output_to_json(output)})
