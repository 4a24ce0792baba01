"""A base model from the Hugging Face hub, at one pinned revision."""

from __future__ import annotations

import re
from pathlib import Path

from harness.base_models.interface import OnProgress
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

    def fetch(self, spec: str, root: Path, cache: Path, on_progress: OnProgress) -> Path:
        """The snapshot's folder under `cache`, downloaded where it is not there yet."""
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

        name, _, revision = spec.partition("@")
        target = cache / f"{name.replace('/', '--')}-{revision[:12]}"
        if (target / ".complete").is_file():
            return target.resolve()
        on_progress(f"fetching {name}")
        try:
            snapshot_download(name, revision=revision, allow_patterns=list(WANTED), local_dir=target)
        except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
            raise OutsideError(
                f"The base model '{spec}' could not be fetched from the hub: {refusal(error, name)}."
            ) from error
        (target / ".complete").touch()
        return target.resolve()
