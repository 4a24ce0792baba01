"""How production is reached: the router's rules, and when a canary may advance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """The address in front of production. Times are seconds.

    `sticky` is the header that decides who gets the canary (None: each request by itself). `fallback` answers where
    the version asked errs: previous, base or none. After `eject` failures in a row a server gets nothing for `rest`.
    `urls` are servers that run already (none: the release's own is started). Of a share `log_sample` of the requests
    the texts are kept for `log_keep`, with what matches `log_redact` blacked out.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    key_env: str | None = None
    sticky: str | None = None
    fallback: str = "previous"
    timeout: float = 60.0
    eject: int = 5
    rest: float = 10.0
    urls: tuple[str, ...] = ()
    log_sample: float = 0.0
    log_redact: tuple[str, ...] = ()
    log_keep: float = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class CanaryRules:
    """When a canary advances: shares of the traffic that it gets, one after the other, and what is tolerated.

    `errors` and `format` are differences of shares; `latency` (p95) and `length` (median, in characters) are shares of
    production's. `format_rule` is a JSON schema's file or `regex:…` ("": answers have no format). At least `requests`
    of canary and production each are needed.
    """

    shares: tuple[float, ...] = (0.05,)
    requests: int = 200
    format_rule: str = ""
    errors: float = 0.01
    latency: float = 0.25
    format: float = 0.02
    length: float = 0.25
