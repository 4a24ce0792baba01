"""Workflow commands of GitHub Actions: annotations at the lines of release.yaml, and a fence around other output."""

from __future__ import annotations

from collections.abc import Iterable

from harness.core.decisions import Decision
from harness.report.ci.cases import NAME, Case, Effect, Ending, cases, worst_first
from harness.report.guard import label


def workflow_commands(found: Decision | Ending, release_file: str) -> list[str]:
    """A command for each case that is no PASS, the worst first: GitHub shows ten of a kind for each step.

    `release_file` is relative to the repository.
    """
    return [_annotation(case) for case in worst_first(cases(found, release_file)) if case.effect is not Effect.PASS]


def fenced(lines: Iterable[str], token: str) -> list[str]:
    """The lines, between commands that keep GitHub from obeying what they say. `token` must not be guessable."""
    return [f"::stop-commands::{token}", *lines, f"::{token}::"]


def _annotation(case: Case) -> str:
    level = "error" if case.effect.blocks else "notice" if case.effect is Effect.WAIVED else "warning"
    keys = {"file": label(case.file, NAME), "line": str(case.line or 1), "title": f"{case.word} {case.name}"}
    values = ",".join(f"{key}={_property(value)}" for key, value in keys.items())
    return f"::{level} {values}::{_data(case.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
