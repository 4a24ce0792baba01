"""The keys `route` and `canary` of release.yaml."""

from __future__ import annotations

from harness.config.schema import CanaryFile, RouteFile
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
