"""Files that are whole or not there, and files that only grow."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from harness.core.errors import OutsideError

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def json_line(value: object) -> bytes:
    """One line of JSON in UTF-8. Raises ValueError for NaN, infinities and halves of surrogate pairs."""
    try:
        # orjson writes NaN as null, which would be another value: those take the slow way, which refuses them.
        if _is_finite(value):
            return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # whole numbers beyond 64 bits, halves of surrogate pairs
        pass
    return (_encode(value) + "\n").encode()


def _is_finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return all(map(_is_finite, value)) if isinstance(value, list | tuple) else True


def refused(path: Path, error: OSError) -> OutsideError:
    """What the disk said, for the user."""
    return OutsideError(f"cannot write {path}: {error.strerror}. Free some space or make it writable, and run again.")


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file whole or not at all, line by line. Raises OutsideError where the disk refuses."""
    beside = path.with_name(path.name + ".new")
    try:
        with beside.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise refused(path, error) from None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last: a rename is only safe from a power cut after this."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append(path: Path, value: object) -> None:
    """Add a line to a file that only grows, and wait until the disk has it. Raises OutsideError."""
    line = json_line(value)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _end_of_whole_lines(file.fileno())
            write_all(file.fileno(), line)
            os.fsync(file.fileno())
    except OSError as error:
        raise refused(path, error) from None


def write_all(descriptor: int, data: bytes) -> None:
    """Write at the end, all of it or nothing: what a full disk took of it is cut off again. Raises OSError."""
    done = 0
    try:
        while done < len(data):
            done += os.write(descriptor, data[done:])
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - done)
        raise


def lines_of(path: Path) -> Iterator[Any]:
    """The values of a file that only grows, in order; a torn last line is none.

    Raises OutsideError naming the line that is no JSON.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                yield orjson.loads(line)
            except ValueError:
                message = f"{path}:{number} is no JSON: it was changed by hand. Put it back as it was."
                raise OutsideError(message) from None


def _end_of_whole_lines(descriptor: int) -> None:
    """Cut off the last line where a kill or a power cut has torn it."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, min(size, 1 << 20), max(0, size - (1 << 20)))
    torn = len(tail) - (tail.rfind(b"\n") + 1)
    if torn:
        os.ftruncate(descriptor, size - torn)
