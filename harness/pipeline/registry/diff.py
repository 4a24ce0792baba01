"""In what two versions differ: training rows, hyper-parameters, metrics with their intervals, rules, packages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.ids import digest_file
from harness.core.samples import Json
from harness.core.versions import Version
from harness.pipeline.registry.project import Project, project
from harness.pipeline.registry.read import named_version, registry
from harness.pipeline.registry.record import kept_rows, row_digests
from harness.pipeline.registry.show import decision_of, metrics_of

SHOWN = 5
Pairs = dict[str, tuple[Json, Json]]


@dataclass(frozen=True, slots=True)
class RowsDiff:
    """How the rows of a file changed. A row that was replaced by another in its line counts as `changed`.

    The counts are None where the rows of one of the files were not kept; `rows` is how many there were, where known.
    `examples` are up to five added rows, where the newer file still lies there.
    """

    same: bool
    rows: tuple[Json, Json] = (None, None)
    added: int | None = None
    removed: int | None = None
    changed: int | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """All of it, by name, as (first, second); what one of them does not have, or is not known of it, is None."""

    first: Version
    second: Version
    rows: Mapping[str, RowsDiff] = field(default_factory=dict)
    settings: Pairs = field(default_factory=dict)
    metrics: tuple[dict[str, Any], ...] = ()
    rules: Pairs = field(default_factory=dict)
    packages: Pairs = field(default_factory=dict)
    digests: Pairs = field(default_factory=dict)


def diff(file: Path, first: str, second: str) -> Diff:
    """What changed from one version to another. Raises ConfigError where one of them is unknown."""
    given = project(file)
    known = registry(given.workspace, given.name)
    one, other = named_version(known, first), named_version(known, second)
    metrics, rules = _judged(given, one, other)
    return Diff(
        one,
        other,
        {name: _rows(given, name, one, other) for name in ("data", "validation")
         if name in one.digests or name in other.digests},
        changed(_settings(one), _settings(other)),
        tuple(metrics),
        rules,
        changed(_told(one, "packages") | _made(one), _told(other, "packages") | _made(other)),
        changed({"adapter": one.adapter_digest, "base": one.base_digest, **one.digests},
                {"adapter": other.adapter_digest, "base": other.base_digest, **other.digests}),
    )  # fmt: skip


def changed(first: Mapping[str, Any], second: Mapping[str, Any]) -> Pairs:
    """What differs, by name, in the order met."""
    names = dict.fromkeys((*first, *second))
    return {name: (first.get(name), second.get(name)) for name in names if first.get(name) != second.get(name)}


def rows_between(before: Sequence[str], after: Sequence[str]) -> tuple[int, int, int]:
    """How many rows were added, removed and changed, from the digests of all rows in order."""
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    swapped = 0
    for one, other in zip(before, after, strict=False):
        if gone[one] > 0 and new[other] > 0:
            gone[one] -= 1
            new[other] -= 1
            swapped += 1
    return new.total(), gone.total(), swapped


def _rows(given: Project, name: str, one: Version, other: Version) -> RowsDiff:
    counted = "rows" if name == "data" else "validation_rows"
    rows = (one.provenance.get(counted), other.provenance.get(counted))
    digests = (one.digests.get(name), other.digests.get(name))
    if digests[0] == digests[1]:
        return RowsDiff(True, rows, 0, 0, 0)
    before, after = (kept_rows(given.workspace, digest) if digest else [] for digest in digests)
    if before is None or after is None:
        return RowsDiff(False, rows)
    return RowsDiff(False, rows, *rows_between(before, after), _examples(given, name, before, digests[1]))


def _examples(given: Project, name: str, before: Sequence[str], digest: str | None) -> tuple[str, ...]:
    path = given.taught_by.get(name)
    if path is None or not path.is_file() or digest_file(path) != digest:
        return ()
    known = set(before)
    texts = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").split("\n") if line.strip())
    new = (text for text, row in zip(texts, row_digests(path), strict=False) if row not in known)
    return tuple(text for text, _ in zip(new, range(SHOWN), strict=False))


def _judged(given: Project, one: Version, other: Version) -> tuple[list[dict[str, Any]], Pairs]:
    """Metrics side by side, by gate, and the gates and thresholds that differ."""
    first, second = ({row["gate"]: row for row in metrics_of(decision_of(given, each))} for each in (one, other))
    keys = ("value", "difference", "low", "high", "verdict")
    sides = [
        {"gate": gate, "first": _some(first.get(gate), keys), "second": _some(second.get(gate), keys)}
        for gate in dict.fromkeys((*first, *second))
    ]
    thresholds = [{gate: row["threshold"] for gate, row in each.items()} for each in (first, second)]
    return sides, changed(*thresholds)


def _some(row: Mapping[str, Any] | None, keys: Sequence[str]) -> dict[str, Any] | None:
    return None if row is None else {key: row[key] for key in keys}


def _settings(version: Version) -> dict[str, Json]:
    """The seed, keys of the resolved Axolotl config, and of the adapter's own config."""
    adapter = {f"adapter_config.{name}": value for name, value in _told(version, "adapter").items()}
    return {"seed": version.provenance.get("seed"), **_told(version, "settings"), **adapter}


def _made(version: Version) -> dict[str, Json]:
    return {name: version.provenance.get(name) for name in ("device", "harness")}


def _told(version: Version, name: str) -> dict[str, Json]:
    found = version.provenance.get(name)
    return json.loads(json.dumps(found)) if isinstance(found, Mapping) else {}
