"""The router in front of production, and the canary's policy."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.config.schema.types import File, Seconds

Share = Annotated[float, Field(gt=0, le=0.5)]


class RequestLogFile(File):
    """Requests kept for review and drift."""

    sample: float = Field(0.0, ge=0, le=1, description="Share of requests whose texts are kept; 0: none.")
    redact: list[str] = Field(default_factory=list, description="Regular expressions that are blacked out in texts.")
    keep: Seconds = Field(30 * 86_400.0, description="How long the files are kept (720h).")


class RouteFile(File):
    """`harness route`: one address in front of the versions in production and canary."""

    host: str = Field("127.0.0.1", description="Address to listen at; the loopback address by default.")
    port: int = Field(8080, ge=0, le=65535, description="0: any free port.")
    key_env: str | None = Field(None, description="Variable with the key that requests must carry.")
    sticky: str | None = Field(
        None, pattern=r"^[A-Za-z0-9-]+$", description="Header whose value decides who gets the canary: X-User-Id."
    )
    fallback: Literal["previous", "base", "none"] = Field(
        "previous", description="Who answers where the version asked errs or times out."
    )
    timeout: Seconds = Field(60.0, description="Longest time until an answer begins.")
    eject: int = Field(5, ge=1, le=1000, description="Failures in a row after which a server gets nothing for a while.")
    rest: Seconds = Field(10.0, description="How long it then gets nothing.")
    urls: list[str] = Field(default_factory=list, description="Servers that run already; default: `serve` is started.")
    log: RequestLogFile = Field(default_factory=RequestLogFile)


class CanaryGateFile(File):
    """How much worse than production the canary may be."""

    errors: float = Field(0.01, gt=0, lt=1, description="Larger share of failed requests tolerated.")
    latency: float = Field(0.25, gt=0, description="Longer p95 tolerated, as a share of production's.")
    format: float = Field(0.02, gt=0, lt=1, description="Larger share of wrongly formed answers tolerated.")
    length: float = Field(0.25, gt=0, description="Change of the median length tolerated, as a share of production's.")


class CanaryFile(File):
    """`harness canary`: when a canary advances, holds, or is rolled back."""

    share: Share = Field(0.05, description="Share of the requests that the canary gets at first (5 to 10 %).")
    steps: list[Share] = Field(default_factory=list, description="Shares that follow before production: [0.1, 0.5].")
    requests: int = Field(200, ge=30, description="Fewest requests of canary and production each for a step.")
    format: str | None = Field(None, description="A JSON schema's file, or regex:…, that every answer must match.")
    tolerate: CanaryGateFile = Field(default_factory=CanaryGateFile)
