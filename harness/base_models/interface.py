"""What a base model is once it lies on this disk, and what each way to get one must answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.core.errors import Problem

OnProgress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model on disk: `spec` as declared, and the SHA-256 over its config, tokenizer and weights."""

    spec: str
    folder: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Folders:
    """Where base models are kept: `shared` by the projects of this machine, and the project's `own`.

    A project's own folder holds digests, and models of before there was a shared one. Nothing else is added to it.
    """

    own: Path
    shared: Path


class Origin(Protocol):
    """One place that base models come from."""

    def check(self, spec: str, root: Path) -> list[Problem]:
        """Every problem that can be told from the declaration and this disk: no download, no conversion."""
        ...

    def fetch(self, spec: str, root: Path, folders: Folders, on_progress: OnProgress) -> Path:
        """The folder that holds the model. Raises OutsideError where it cannot be had."""
        ...
