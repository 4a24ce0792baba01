"""The `metrics` of a task to MetricSpec values."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness import catalog
from harness.config._pydantic import problems_of
from harness.config.schema import NAME
from harness.config.source import Source, Where, nearest
from harness.core.errors import Problem
from harness.core.ids import digest_files, digest_json
from harness.core.suites import MetricSpec

EVALUATE = "evaluate"
Asked = Sequence[str | Mapping[str, Mapping[str, object]]]


def read_metrics(
    root: Path, asked: Asked, kind: str, source: Source, at: Where
) -> tuple[tuple[MetricSpec, ...], list[Problem]]:
    """The metrics that a task of the kind `kind` names, and every problem of theirs. `at` is the task's place."""
    found: dict[str, MetricSpec] = {}
    problems: list[Problem] = []
    for index, item in enumerate(asked):
        where = (*at, "metrics", index)
        if not isinstance(item, str) and len(item) != 1:
            message = "an item of 'metrics' names one metric; put each on its own line."
            problems.append(source.problem(where, message))
            continue
        name, arguments = (item, {}) if isinstance(item, str) else next(iter(item.items()))
        spec = _metric(root, name, arguments, kind, source, where)
        if isinstance(spec, list):
            problems += spec
        elif spec.name in found:  # its scores would count twice
            problems.append(source.problem(where, f"the metric '{spec.name}' stands twice."))
        else:
            found[spec.name] = spec
    return tuple(found.values()), problems


def _metric(
    root: Path, written: str, arguments: Mapping[str, object], kind: str, source: Source, where: Where
) -> MetricSpec | list[Problem]:
    name, given = written, dict(arguments)
    if written.startswith(f"{EVALUATE}:"):
        name, given = EVALUATE, {"path": written.removeprefix(f"{EVALUATE}:"), **given}
    if name not in catalog.names("metrics"):
        names = catalog.names("metrics")
        hint = nearest(name, names) or f"Known: {', '.join(names)}."
        return [source.problem(where, f"unknown metric '{name}'.", hint)]
    known = catalog.arguments("metrics", name)
    unknown = [key for key in given if key not in known]
    if unknown:
        other = f"Known here: {', '.join(known)}." if known else "It takes none."
        message = "unknown argument '{}' of {}."
        return [
            source.problem((*where, written, key), message.format(key, name), nearest(key, known) or other)
            for key in unknown
        ]
    if kind in catalog.names("tasks") and kind not in catalog.plug("metrics", name).kinds:
        return [source.problem(where, f"the metric '{name}' does not fit tasks of the kind '{kind}'.")]
    if "better" in known and "better" not in given and "path" in given:
        return [source.problem(where, _unknown_direction(written), _direction_hint(written))]
    try:
        plug = catalog.build("metrics", name, given)
    except ValidationError as error:
        return problems_of(error, source, (*where, written))
    return _script(root, plug, given, source, where) if name == EVALUATE else MetricSpec(name, given)


def _unknown_direction(written: str) -> str:
    return f"whether more of '{written}' is better or worse is not known, so no gate on it could be trusted."


def _direction_hint(written: str) -> str:
    """What to write; an item that is a bare name shows where its argument stands."""
    named = written.startswith(f"{EVALUATE}:")
    write = f"Write '{written}: {{better: lower}}'" if named else "Add 'better: lower'"
    return f"{write} for an error rate (0 is perfect), 'better: higher' for a score (1 is perfect)."


def _script(
    root: Path, plug: Any, given: dict[str, object], source: Source, where: Where
) -> MetricSpec | list[Problem]:
    """A metric of `evaluate` with its paths made absolute. A script of the project counts by its bytes."""
    here = root / plug.path
    # A first part that lies in the project is no user of the hub: a misspelt path is told now and not after training.
    local = plug.path.endswith(".py") or plug.path.count("/") > 1 or (root / plug.path.partition("/")[0]).exists()
    script = here if plug.path.endswith(".py") else here / f"{here.name}.py"
    wrong = plug.check()
    if not re.match(NAME, plug.name):
        wrong.append(f"'{plug.name}' is no name for a metric: a small letter, then a-z, 0-9, '_' and '-'.")
    elif local and not script.is_file():
        wrong.append(f"the metric script '{os.path.relpath(script, root)}' does not exist.")
    if wrong:
        return [source.problem(where, message) for message in wrong]
    files = digest_files(script.parent, _sources(script)) if local else None
    digest = digest_json({"arguments": given, "files": files})
    paths = {"cache": str(root / plug.cache), "path": str(here) if local else plug.path}
    return MetricSpec(plug.name, {**given, **paths}, EVALUATE, digest)


def _sources(script: Path) -> list[str]:
    """The Python files that a script can load from beside it."""
    return [path.name for path in script.parent.glob("*.py")]
