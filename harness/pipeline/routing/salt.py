"""The salt of the hashes that stand for users in the router's log: made once, and readable by the owner alone."""

from __future__ import annotations

import os
import secrets

from harness.core.errors import OutsideError
from harness.pipeline.workspace import Workspace

_BYTES = 16


def salt_of(workspace: Workspace) -> bytes:
    """The project's salt, so that a user has the same hash after the router was started again. Raises OutsideError."""
    path = workspace.state / "router.salt"
    try:
        workspace.state.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            beside = path.with_name(f"{path.name}.{os.getpid()}")
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(secrets.token_bytes(_BYTES))
            beside.replace(path)
        return path.read_bytes()[:64]
    except OSError as error:
        raise OutsideError(f"cannot make {path}: {error.strerror}.") from None
