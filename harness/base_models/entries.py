"""Entries of the shared folder of base models: made once by one process, and checked by digest whenever they are used.

An entry is a folder. It is made beside its place under a lock, gets a manifest with its digest, and is then renamed:
under its name it is there in whole or not at all. What is there and is not what its manifest says is made again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from harness.base_models.digest import digest_of, keep_digest, names_in
from harness.base_models.home import ADVICE
from harness.base_models.interface import OnProgress
from harness.core.errors import OutsideError

MANIFEST = ".harness.json"

# Fills the folder with a model. The open lock may be handed on to a child, which then holds it for as long as it lives.
Make = Callable[[Path, IO[str]], None]


def shared_entry(models: Path, name: str, what: str, make: Make, on_progress: OnProgress) -> Path:
    """The whole entry `name` in the folder `models`, made where it is not there or is damaged; an absolute path.

    `what` says what making does ("converting …"). Raises OutsideError where it cannot be made, or not be written.
    """
    entry = models.absolute() / name
    broken = damage(entry, on_progress) if entry.is_dir() else ""
    if entry.is_dir() and not broken:
        return entry.resolve()
    state = f"{entry} is damaged: {broken}. " if broken else ""
    # Told before anything is written: who must not make anything stops here.
    on_progress(f"{state}{what}")
    with _writing(models, state), _locked(models, name, on_progress) as lock:
        if not entry.is_dir() or damage(entry, on_progress):  # else another process made it meanwhile
            _make(entry, make, lock, on_progress)
    return entry.resolve()


def damage(entry: Path, on_progress: OnProgress) -> str:
    """Why an entry is not what was made; "" where it is.

    It is hashed unless each file has the size and the times that it had when it was hashed last.
    """
    try:
        manifest = json.loads((entry / MANIFEST).read_text(encoding="utf-8"))
        sizes, digest = dict(manifest["sizes"]), str(manifest["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"its {MANIFEST}, which is written last, is missing or cannot be read"
    for file, size in sizes.items():
        path = entry / file
        if not path.is_file():
            return f"{file} is missing"
        if path.stat().st_size != size:
            return f"{file} has {path.stat().st_size:,} bytes, not {size:,}"
    changed = digest_of(entry, entry.parent, on_progress) != digest
    return "its digest is not the one that it was made with" if changed else ""


def _make(entry: Path, make: Make, lock: IO[str], on_progress: OnProgress) -> None:
    part = entry.with_name(f".{entry.name}.part")
    part.mkdir(exist_ok=True)
    make(part, lock)
    digest = digest_of(part, entry.parent, on_progress)
    sizes = {file: (part / file).stat().st_size for file in names_in(part)}
    (part / MANIFEST).write_text(json.dumps({"digest": digest, "sizes": sizes}), encoding="utf-8")
    for file in (*sizes, MANIFEST):
        _flush(part / file)
    if entry.exists():
        shutil.rmtree(entry)
    part.rename(entry)
    keep_digest(entry, entry.parent, digest)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _locked(models: Path, name: str, on_progress: OnProgress) -> Iterator[IO[str]]:
    """Only one process makes an entry; others wait for it, and so they do for the child of one that was killed."""
    (models / "locks").mkdir(parents=True, exist_ok=True)
    with (models / "locks" / f"{name}.lock").open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_progress("waiting for another process that makes this base model")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file


@contextmanager
def _writing(models: Path, state: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"base models are kept in {models}, where nothing can be written: {error.strerror or error}."
        raise OutsideError(f"{state}{message} {ADVICE}") from None
