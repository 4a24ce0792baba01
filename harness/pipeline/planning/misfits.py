"""Tasks and metrics that don't fit the rows at hand: what they count is not what the rows hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from harness import catalog
from harness.config.source import Source, load_yaml
from harness.core.errors import ConfigError, Problem
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.suites import Task


def misfits(release: Release) -> list[Problem]:
    """Each at its place in the suite's file, in the suites' order. A problem here is a warning."""
    sources = _sources(release)
    return list(
        chain.from_iterable(
            _misfits(task, sources[suite.name])
            for suite in release.suites
            for task in suite.tasks
            if suite.name in sources and task.prompt is not None and task.clean is None
        )
    )


def _sources(release: Release) -> dict[str, Source]:
    """The suites' files by the suites' names, as far as they can be read."""
    sources: dict[str, Source] = {}
    try:
        named = load_yaml(release.root / release.file, release.file).value
        paths = named.get("suites", []) if isinstance(named, dict) else []
        for path in paths:
            source = load_yaml(release.root / path, path)
            sources[str(source.value["name"])] = source  # type: ignore[index]
    except (ConfigError, KeyError, TypeError):
        return sources
    return sources


def _misfits(task: Task, source: Source) -> Iterator[Problem]:
    targets, at = [sample.target for sample in task.samples], ("tasks", task.name)
    for doubt in _doubts("tasks", task.kind, task.arguments, targets):
        key = [name for name in task.arguments if f"'{name}" in doubt][:1]
        yield source.problem((*at, *key), f"{task.name}: {doubt}")
    for index, spec in enumerate(task.metrics):
        for doubt in _doubts("metrics", spec.catalog_name, spec.arguments, targets):
            yield source.problem((*at, "metrics", index), f"{spec.name} of {task.name}: {doubt}")


def _doubts(family: str, name: str, arguments: Mapping[str, Json], targets: Sequence[Json]) -> list[str]:
    """What a plug that has doubts says of these targets."""
    if not hasattr(catalog.plug(family, name), "doubts"):
        return []
    doubts: list[str] = catalog.build(family, name, arguments).doubts(targets)
    return doubts
