"""From which bytes all this came: digests, versions, servers, settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.core.ids import short
from harness.report import words
from harness.report.guard import label, written
from harness.report.internal.page import rest
from harness.report.material import Material
from harness.report.page import Cell, Table

_LONG = 400
_ROWS = 200


def provenance_tables(material: Material) -> tuple[Table, ...]:
    """The decision, candidate, runs, tasks, servers and versions; tables without rows are left out."""
    decision = material.decision
    tables = (
        _pairs("Decision", {"id": decision.id, "decided": decision.decided, **decision.digests}),
        _pairs("Candidate", decision.candidate),
        _runs(material),
        _tasks(material),
        *_servers(material),
        _pairs("The training run", _trained(material.training or {})),
    )
    return tuple(table for table in tables if table.rows)


def _runs(material: Material) -> Table:
    rows = tuple(
        (
            Cell(f"{label(suite)} · {label(role)}"),
            Cell(label(run.id), "digest"),
            Cell(label(run.suite_digest), "digest"),
            Cell(label(run.model.adapter_digest or "none"), "digest"),
            Cell(label(run.adapter_proof, _LONG) or words.NOTHING),
            Cell(label(words.when(run.started))),
        )
        for role in material.roles
        for suite, run in material.runs[role].items()
    )
    head = tuple(Cell(name) for name in ("Run", "Id", "Suite", "Adapter", "Proof that it answered", "Started"))
    return Table("Runs", head, rows[:_ROWS], rest(len(rows), _ROWS, "run"))


def _tasks(material: Material) -> Table:
    return _pairs(
        "Tasks",
        {
            f"{suite}.{task}": digest
            for suite, run in material.candidate.items()
            for task, digest in run.task_digests.items()
        },
    )


def _servers(material: Material) -> Iterable[Table]:
    """Each different server, told once."""
    seen: list[tuple[Mapping[str, object], list[str]]] = []
    for role in material.roles:
        for suite, run in material.runs[role].items():
            versions = {f"version of {name}": version for name, version in run.versions.items()}
            told: dict[str, object] = {**run.server, **versions}
            users = next((names for known, names in seen if known == told), None)
            if users is None:
                seen.append((told, users := []))
            users.append(f"{suite} · {role}")
    for told_by, users in seen:
        whose = "" if len(seen) == 1 else f" of {label(', '.join(users), _LONG)}"
        yield _pairs(f"Server and versions{whose}", told_by)


def _trained(manifest: Mapping[str, object]) -> dict[str, object]:
    """The manifest without what the section on training shows."""
    shown = {"history", "warnings"}
    return {key: value for key, value in manifest.items() if key not in shown}


def _pairs(title: str, values: Mapping[str, object]) -> Table:
    rows = tuple((Cell(label(key)), Cell(label(written(value), _LONG), "digest")) for key, value in values.items())
    return Table(title, (Cell("What"), Cell("Value")), rows[:_ROWS], rest(len(rows), _ROWS, "row"))


def digest_or_none(digest: str | None) -> str:
    """A digest to be read aloud."""
    return short(digest) if digest else "none"
