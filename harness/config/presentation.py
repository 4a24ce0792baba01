"""The keys `report` and `prices` of release.yaml."""

from __future__ import annotations

from harness.config.schema import PricesFile, ReleaseFile, ReportFile
from harness.config.source import Source
from harness.core.errors import Problem
from harness.core.presentation import Presentation, Price, Prices


def presentation(file: ReportFile) -> Presentation:
    """How the report is told."""
    return Presentation(file.title, file.client, file.contact, file.samples, tuple(file.redact))


def prices(file: PricesFile | None) -> Prices | None:
    """What models cost, None where nothing is said of it."""
    if file is None:
        return None
    models = {}
    for role, price in file.models.items():
        tokens = price.per_million_tokens
        models[role] = Price(price.per_hour, tokens.prompt if tokens else None, tokens.generated if tokens else None)
    return Prices(file.currency, models)


def price_problems(parsed: ReleaseFile, source: Source) -> list[Problem]:
    """Prices of models that are not there, and prices that are none or two."""
    found, roles = [], ["candidate", *parsed.baselines]
    for role, price in parsed.prices.models.items() if parsed.prices else ():
        where = ["prices", "models", role]
        if role not in roles:
            found.append(source.problem(where, f"there is no model '{role}'; there are {', '.join(roles)}."))
        if (price.per_hour is None) == (price.per_million_tokens is None):
            message = f"the price of '{role}' needs exactly one of 'per_hour' and 'per_million_tokens'."
            found.append(source.problem(where, message))
    return found
