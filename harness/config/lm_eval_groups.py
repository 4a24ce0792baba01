"""Groups of lm-eval's tasks: whether lm-eval's own figure of a group is the mean over all its samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

# What counts for a sample where the task names no score.
RIGHT = ("acc", "exact_match")


class AnyTag(yaml.SafeLoader):
    """lm-eval's files use tags such as `!function`; they are read as nothing and never run."""


AnyTag.add_multi_constructor("", lambda loader, suffix, node: None)


def read_lm_eval(path: Path) -> Any:
    """What a file of lm-eval's holds; None where that cannot be read."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=AnyTag)
    except (yaml.YAMLError, ValueError, RecursionError, OSError):  # ValueError: bad bytes, dates that are none
        return None


def group_problem(name: str, files: Iterable[Mapping[str, Any]], score: str | None) -> str | None:
    """Why the group `name` cannot stand under its own name, in words; None where it can, or is no group of `files`.

    A metric of a group is the mean over the samples of all its tasks. That is lm-eval's own figure only where the
    group says `weight_by_size: true`. A group without `aggregate_metric_list` has no figure of lm-eval's, whose
    place this one could take. lm-eval aggregates a group over the tasks at its leaves, so the rules of groups within
    it do not count.
    """
    metric, _, filter_name = (score or "").partition(",")
    wanted = (metric.strip(),) if score else RIGHT
    for group in files:
        if group.get("group") != name:
            continue
        rules = _rules(group.get("aggregate_metric_list"))
        named = [rule for rule in rules if rule.get("metric") in wanted and _has_filter(rule, filter_name.strip())]
        for rule in named or rules:
            reason = _reason(rule)
            if reason:
                return (
                    f"the group '{name}' {reason}; a metric here is the mean over the samples of all its tasks, "
                    "which is another number."
                )
    return None


def shipped_group(name: str) -> list[Mapping[str, Any]]:
    """The files of the installed lm-eval that declare the group `name`; [] where there is none, or no lm-eval."""
    package = find_spec("lm_eval")
    folders = [] if package is None else list(package.submodule_search_locations or ())
    paths = sorted(path for folder in folders for path in (Path(folder) / "tasks").rglob("*.yaml"))
    named = [path for path in paths if _mentions(path, name.encode())]
    return [value for value in map(read_lm_eval, named) if isinstance(value, Mapping) and value.get("group") == name]


def _mentions(path: Path, name: bytes) -> bool:
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return b"group:" in text and name in text


def _rules(aggregates: Any) -> list[Mapping[str, Any]]:
    rules = aggregates if isinstance(aggregates, list) else [aggregates]
    return [rule for rule in rules if isinstance(rule, Mapping)]


def _has_filter(rule: Mapping[str, Any], name: str) -> bool:
    filters = rule.get("filter_list")
    return not name or filters is None or name in ([filters] if isinstance(filters, str) else filters)


def _reason(rule: Mapping[str, Any]) -> str | None:
    metric = rule.get("metric")
    if rule.get("aggregation", "mean") != "mean":
        return f"aggregates {metric} by a rule of its own"
    if "weight_by_size" not in rule:
        return f"does not say 'weight_by_size' for {metric}, which lm-eval's versions take differently"
    if rule["weight_by_size"] is not True:
        return f"weighs its tasks alike for {metric} (weight_by_size: false)"
    return None
