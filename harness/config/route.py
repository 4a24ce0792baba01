"""The keys `route` and `canary` of release.yaml."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from harness.config.forms import form_of
from harness.config.schema import CanaryFile, RouteFile
from harness.config.source import Source
from harness.core.errors import ConfigError, Problem
from harness.core.routes import CanaryRules, Route


def route_of(file: RouteFile) -> Route:
    """The router's rules."""
    return Route(
        host=file.host,
        port=file.port,
        key_env=file.key_env,
        sticky=file.sticky,
        fallback=file.fallback,
        timeout=file.timeout,
        eject=file.eject,
        rest=file.rest,
        urls=tuple(file.urls),
        log_sample=file.log.sample,
        log_redact=tuple(file.log.redact),
        log_keep=file.log.keep,
    )


def canary_of(file: CanaryFile) -> CanaryRules:
    """The canary's rules, its shares from the first to the last."""
    given = file.tolerate
    return CanaryRules(
        shares=(file.share, *file.steps),
        requests=file.requests,
        format_rule=file.format or "",
        errors=given.errors,
        latency=given.latency,
        format=given.format,
        length=given.length,
    )


def canary_problems(root: Path, file: CanaryFile, source: Source) -> list[Problem]:
    """A form that is none, and shares that do not rise."""
    found = []
    try:
        form_of(file.format or "", root)
    except ConfigError as error:
        found += [source.problem(("canary", "format"), problem.message) for problem in error.problems]
    for index, (before, share) in enumerate(pairwise((file.share, *file.steps))):
        if share <= before:
            message = f"the canary's share rises from step to step, and {share:g} follows {before:g}."
            found.append(source.problem(("canary", "steps", index), message))
    return found
