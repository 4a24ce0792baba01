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
    """What one answered request to a model costs, in `currency`; None with the reason. Tokens are means of a request.

    `low` and `high` are one-sided bounds, None where there is none.
    """

    role: str
    per_request: float | None
    currency: str
    reason: str = ""
    prompt_tokens: float | None = None
    generated_tokens: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class BreakEven:
    """After how many requests the candidate has saved what its training cost, in the place of `frontier`.

    `requests` None: for `reason` it is not known, or it never does where `never`. `soonest` and `latest` come from the
    bounds of both costs, with the best and the worst of them together; `latest` None: perhaps never. `training` is what
    training cost in `currency`; `saved` what a request saves, its part of the candidate's fixed costs paid. `per_month`
    are the requests of a month, None where that was not said.
    """

    frontier: str
    currency: str
    training: float | None = None
    saved: float | None = None
    requests: float | None = None
    soonest: float | None = None
    latest: float | None = None
    per_month: int | None = None
    never: bool = False
    reason: str = ""

    @property
    def months(self) -> float | None:
        """The same in months of traffic; None where that is not known."""
        return None if self.requests is None or not self.per_month else self.requests / self.per_month
