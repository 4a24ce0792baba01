"""In what two decisions differ, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.core.decisions import Decision
from harness.report.record import to_json

# First words of digests: by other rules nothing can be the same.
_RULES = ("release", "policy", "suite", "waivers", "check")
_NAMES = {"release": "release.yaml", "policy": "the policy", "waivers": "waivers.yaml"}


def differences(decision: Decision, again: Decision) -> list[str]:
    """In what a decision differs from the one that its runs give now; nothing where they are the same.

    Where they were taken by other rules or suites only that is said: all the rest follows from it.
    """
    ours, theirs = decision.digests, again.digests
    known = [name for name in sorted({*ours, *theirs}) if name.partition(" ")[0] in _RULES]
    rules = [name for name in known if ours.get(name) != theirs.get(name)]
    if rules:
        return [_other_rule(name, ours.get(name), theirs.get(name)) for name in rules]
    found = record_differences(decision, again, "from the stored runs")
    if not found and decision.id != again.id:
        return [f"id: {decision.id[:12]} here, {again.id[:12]} from the stored runs"]
    return found


def record_differences(one: Decision, other: Decision, where: str, whole: bool = False) -> list[str]:
    """Each field with both values; with `whole` the time and the places in files, too."""
    ours, theirs = dict(_fields(one, whole)), dict(_fields(other, whole))
    return [
        f"{name}: {_shown(ours, name)} here, {_shown(theirs, name)} {where}"
        for name in dict.fromkeys((*ours, *theirs))
        if name not in ours or name not in theirs or ours[name] != theirs[name]
    ]


def _other_rule(name: str, ours: str | None, theirs: str | None) -> str:
    title = _NAMES.get(name, f"the {name}")
    if ours is None or theirs is None:
        return f"{title} was {'not ' if ours is None else ''}there when it was decided, and {_is(theirs)} now"
    return f"{title} is another than when it was decided: {ours[:12]} in the record, {theirs[:12]} as it stands"


def _is(digest: str | None) -> str:
    return "is not" if digest is None else "is"


def _fields(decision: Decision, whole: bool) -> Iterator[tuple[str, object]]:
    record: dict[str, Any] = to_json(decision)
    results, waivers = record.pop("results"), record.pop("waivers")
    del record["id"]
    if not whole:
        del record["decided"]
    yield from _flat("", record, whole)
    seen: dict[str, int] = {}
    for result, value in zip(decision.results, results, strict=True):
        seen[result.gate.id] = seen.get(result.gate.id, 0) + 1
        again = f" ({seen[result.gate.id]})" if seen[result.gate.id] > 1 else ""
        for name, found in _flat("", value, whole):
            yield f"gate {result.gate.id}{again}: {name.removeprefix('finding.evidence.').removeprefix('gate.')}", found
    for number, use in enumerate(waivers, start=1):
        for name, found in _flat("", use, whole):
            yield f"waiver {number} ({use['waiver']['gate']}): {name.removeprefix('waiver.')}", found


def _flat(prefix: str, value: Mapping[str, Any], whole: bool) -> Iterator[tuple[str, object]]:
    for key, found in value.items():
        if key == "place" and not whole:
            continue
        if isinstance(found, dict):
            yield from _flat(f"{prefix}{key}.", found, whole)
        else:
            yield f"{prefix}{key}", found


def _shown(values: Mapping[str, object], name: str) -> str:
    if name not in values:
        return "nothing"
    found = values[name]
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"
