"""A base model from the Hugging Face hub, at one pinned revision."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import IO

from harness.base_models.entries import MANIFEST, shared_entry
from harness.base_models.interface import Folders, OnProgress
from harness.base_models.refusals import refusal
from harness.core.errors import OutsideError, Problem

REVISION = re.compile(r"[0-9a-f]{40}")
NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# Weights that can run code on loading are never fetched.
WANTED = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")


def looks_like_one(spec: str) -> bool:
    """Whether `spec` has the form of a hub id, with or without a revision."""
    return bool(NAME.fullmatch(spec.partition("@")[0]))


def published(spec: str) -> str | None:
    """The name on the Hub of a pinned base model; None for a folder or a package's model."""
    name, _, revision = spec.partition("@")
    return name if NAME.fullmatch(name) and REVISION.fullmatch(revision) else None


class Hub:
    """A branch name moves and so cannot be what a release rests on: only a commit counts as a revision."""

    def check(self, spec: str, root: Path) -> list[Problem]:
        """The revision must be a full commit hash."""
        name, _, revision = spec.partition("@")
        if REVISION.fullmatch(revision):
            return []
        said = f"'{revision}' is not a commit" if revision else "no revision is given"
        return [
            Problem(
                f"base model '{spec}': {said}, and there is no folder of this name.",
                hint=f"Pin it as '{name}@<40 hex digits>' (the commit on the model's Files page), "
                "or give an existing folder.",
            )
        ]

    def fetch(self, spec: str, root: Path, folders: Folders, on_progress: OnProgress) -> Path:
        """The snapshot's folder, downloaded where it is not there yet. A download that was cut off goes on."""
        name, _, revision = spec.partition("@")
        entry = f"{name.replace('/', '--')}-{revision[:12]}"
        if ((own := folders.own / entry) / ".complete").is_file() and not (own / MANIFEST).exists():
            return own.resolve()
        return shared_entry(folders.shared, entry, f"fetching {name}", partial(_download, spec), on_progress)


def _download(spec: str, folder: Path, lock: IO[str]) -> None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    name, _, revision = spec.partition("@")
    try:
        snapshot_download(name, revision=revision, allow_patterns=list(WANTED), local_dir=folder)
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        said = refusal(error, name)
        raise OutsideError(f"The base model '{spec}' could not be fetched from the hub: {said}.") from error
