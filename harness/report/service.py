"""How quickly a model answered, and what a request cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.report.numbers import Own


@dataclass(frozen=True, slots=True)
class Speed:
    """One model in the measured phase. `quantiles` are seconds, by p50, p95 and p99; rates are per second.

    `times` are the seconds of the answers that came, ascending, at most 2,000 of them, for a drawing.
    """

    role: str
    requests: int
    failed: int
    failure_rate: Own
    quantiles: Mapping[str, Own]
    requests_per_second: float | None
    tokens_per_second: float | None
    times: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request to a model costs, in `currency`; None with the reason. Tokens are means of a request."""

    role: str
    per_request: float | None
    currency: str
    reason: str = ""
    prompt_tokens: float | None = None
    generated_tokens: float | None = None
