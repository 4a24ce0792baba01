"""release.yaml and its policy file as they were when a decision was taken: kept beside its record."""

from __future__ import annotations

from pathlib import Path

from harness.config.load import load_release
from harness.core.errors import Problem
from harness.core.ids import digest_bytes
from harness.core.releases import Release
from harness.pipeline.workspace import Workspace
from harness.store.files import write_lines


def keep_declaration(release: Release, decision: str) -> None:
    """Copy the files for a decision, byte by byte, where that was not done yet. Raises OutsideError."""
    for copy, file in _copies(release, decision).items():
        if not copy.exists():
            write_lines(copy, [file.read_bytes()])


def is_todays_declaration(release: Release, decision: str) -> bool:
    """Whether the files are, byte for byte, those that the decision was taken on."""
    return all(copy.is_file() and digest_bytes(copy.read_bytes()) == digest_bytes(file.read_bytes())
               for copy, file in _copies(release, decision).items())  # fmt: skip


def declared_then(workspace: Workspace, decision: str) -> tuple[Release | None, list[Problem]] | None:
    """The release as it was declared then, with the problems that it has now; None where it was not kept."""
    copy = workspace.declaration(decision)
    return load_release(copy, workspace.root, kept_policy(workspace, decision)) if copy.is_file() else None


def kept_policy(workspace: Workspace, decision: str) -> Path | None:
    """The copy of the policy file; None where gates and policy stood in release.yaml itself."""
    path = workspace.declared_policy(decision)
    return path if path.is_file() else None


def declaration_text(workspace: Workspace, decision: str) -> str:
    """What was declared, as text: release.yaml, then its policy file."""
    policy = kept_policy(workspace, decision)
    files = [workspace.declaration(decision), *([policy] if policy else [])]
    return "\n# The policy file:\n".join(file.read_text(encoding="utf-8") for file in files)


def _copies(release: Release, decision: str) -> dict[Path, Path]:
    """Each copy, and the file that it is of."""
    workspace, rules = Workspace(release.root), release.policy_place.file
    copies = {workspace.declaration(decision): release.root / release.file}
    return copies if rules == release.file else {**copies, workspace.declared_policy(decision): release.root / rules}
