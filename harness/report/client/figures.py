"""Numbers of the client's edition, rounded to the safe side: a guarantee never says more than was shown."""

from __future__ import annotations

import math

from harness.report import words


def at_least(value: float) -> str:
    """A share, rounded down to a tenth of a per cent."""
    return words.plain_share(math.floor(value * 1_000) / 1_000)


def at_most(value: float) -> str:
    """A share, rounded up to a tenth of a per cent."""
    return words.plain_share(math.ceil(value * 1_000) / 1_000)


def points_down(value: float) -> str:
    """Points without a sign, rounded down to a tenth."""
    return _points(math.floor(value * 1_000) / 10)


def points_up(value: float) -> str:
    """Points without a sign, rounded up to a tenth."""
    return _points(math.ceil(value * 1_000) / 10)


def seconds_up(value: float) -> str:
    """A time, rounded up to what is shown of it."""
    step = 1_000 if value < 0.1 else 100 if value < 10 else 10 if value < 59.9 else 1
    return words.seconds(math.ceil(value * step) / step)


def money_up(value: float, currency: str) -> str:
    """An amount, rounded up to what is shown of it."""
    places = max(2, 1 + math.ceil(-math.log10(value)) if 0 < value < 1 else 0)
    return words.money(currency)(math.ceil(value * 10**places) / 10**places, 1)


def out_of(share: float) -> tuple[int, int]:
    """A share as "87 of 100", or of 1,000 where nearly all are right; rounded down."""
    of = 1_000 if share >= 0.99 else 100
    return math.floor(share * of), of


def _points(value: float) -> str:
    return f"{value:g}{words.SPACE}{'point' if value == 1 else 'points'}"
