"""Moves and notes: one line each, so that what was killed was not begun or is done."""

from __future__ import annotations

import getpass

from harness.core.errors import ConfigError
from harness.core.versions import NOTE, PRODUCTION, ROLLBACK, Move, Registry, Version
from harness.pipeline.lock import taking_turns
from harness.pipeline.workspace import Workspace, now
from harness.store.registry import add_move, next_number


def move(
    workspace: Workspace, version: Version, stage: str, why: str, note: str = "", share: float | None = None,
    decision: str | None = None,
) -> Move:  # fmt: skip
    """Bring a version to a stage by one line of moves.jsonl; the caller holds `changing`. Raises OutsideError.

    Whoever stood there, where only one can, is archived by the same line. `share` is the canary's share of the traffic.
    """
    return _add(workspace, version, stage, why, note, share, decision)


def annotate(workspace: Workspace, version: Version, text: str, why: str = NOTE) -> Move:
    """Add a note to a version; it moves nothing. The caller holds `changing`. Raises OutsideError."""
    return _add(workspace, version, "", why, text)


def may_leave(known: Registry, version: Version, stage: str, why: str) -> None:
    """Raises ConfigError where production would be left empty: another version has to take its place."""
    if stage != PRODUCTION and why != ROLLBACK and known.stage_of(version.number) == PRODUCTION:
        raise ConfigError(
            f"{version.name} is in production, and would leave it empty. Promote another version to production, or "
            "`harness rollback`, first."
        )


def _add(
    workspace: Workspace, version: Version, stage: str, why: str, note: str, share: float | None = None,
    decision: str | None = None,
) -> Move:  # fmt: skip
    with taking_turns(workspace):
        made = Move(
            number=next_number(workspace.moves),
            release=version.release,
            version=version.number,
            stage=stage,
            why=why,
            decision=version.decision if decision is None else decision,
            time=now(),
            by=who(),
            share=share,
            note=note,
        )
        add_move(workspace.moves, made)
    return made


def who() -> str:
    """The user's name on this machine; "" where there is none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return ""
