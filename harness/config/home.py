"""The key `home` of release.yaml: the folder that projects of this machine share."""

from __future__ import annotations

from pathlib import Path


def declared_home(root: Path, declared: str | None) -> Path | None:
    """The folder as it was declared: absolute, with `~` for the user's own, or relative to the project's `root`."""
    return root.resolve() / Path(declared).expanduser() if declared else None
