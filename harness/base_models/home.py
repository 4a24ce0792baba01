"""The folder that all projects of this machine share: base models are fetched and converted into it once."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "HARNESS_HOME"
ADVICE = f"Make it writable, or name another folder by {VARIABLE}, or by `home:` in release.yaml."


def shared_home(declared: Path | None = None) -> Path | None:
    """Where shared files lie: HARNESS_HOME, else `home:` of release.yaml, else harness/ in the user's cache.

    The user's cache is XDG_CACHE_HOME, or ~/.cache. None for a user without a home folder: nothing is shared then.
    """
    if own := os.environ.get(VARIABLE):
        return Path(own).expanduser().absolute()
    if declared is not None:
        return declared
    # A relative XDG_CACHE_HOME is to be ignored, says the XDG base directory specification.
    if Path(cache := os.environ.get("XDG_CACHE_HOME", "")).is_absolute():
        return Path(cache) / "harness"
    try:
        return Path.home() / ".cache" / "harness"
    except RuntimeError:
        return None


def models_in(home: Path) -> Path:
    """The folder of base models in a shared folder."""
    return home / "models"
