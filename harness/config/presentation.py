"""The keys `report` and `prices` of release.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from harness.config.baselines import measure_of
from harness.config.schema import PriceFile, PricesFile, ReleaseFile, ReportFile
from harness.config.schema.report import TrainingPriceFile
from harness.config.source import Source, nearest
from harness.core.errors import Problem
from harness.core.metric_refs import COST
from harness.core.presentation import Presentation, Price, Prices
from harness.core.samples import Json
from harness.core.suites import Suite, Task


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
    training = file.training or TrainingPriceFile(per_hour=None, per_kwh=None)
    return Prices(
        file.currency, models, training.per_hour, training.per_kwh, file.frontier, file.requests_per_month,
        file.fixed_per_month,
    )  # fmt: skip


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
    return found + _unpriced(parsed, source) + _break_even_problems(parsed, source)


def _unpriced(parsed: ReleaseFile, source: Source) -> list[Problem]:
    """Gates on the cost of a model that has none, or whose hours can't be shared among its requests."""
    found, priced, measured = [], parsed.prices.models if parsed.prices else {}, measure_of(parsed)
    at_our_pace = ("candidate", measured.baseline if measured else None)
    for index, gate in enumerate(parsed.gates):
        for role in ("candidate", gate.against) if gate.metric == COST else ():
            price = priced.get(role) if role else None
            if role is None or role not in ("candidate", *parsed.baselines):
                continue
            if price is None or not _is_paid(price):
                message = f"{COST} needs a price above 0 for '{role}'."
                found.append(source.problem(["gates", index, "metric"], message, f"Give it in prices.models.{role}."))
            elif price.per_hour is not None and role not in at_our_pace:
                message = f"'{role}' has a price per hour, but its pace is not measured."
                hint = f"Name it in measure.baseline, or give '{role}' a price per_million_tokens."
                found.append(source.problem(["gates", index, "against"], message, hint))
    return found


def _is_paid(price: PriceFile) -> bool:
    tokens = price.per_million_tokens
    return bool(price.per_hour or (tokens and (tokens.prompt or tokens.generated)))


def _break_even_problems(parsed: ReleaseFile, source: Source) -> list[Problem]:
    """Why the break-even can't be worked out from what is declared for it."""
    prices, found = parsed.prices, []
    if prices is None:
        return []
    if prices.frontier is not None and prices.frontier not in parsed.baselines:
        message = f"there is no baseline '{prices.frontier}'."
        hint = nearest(prices.frontier, list(parsed.baselines))
        found.append(source.problem(["prices", "frontier"], message, hint))
    elif prices.frontier is not None:
        lacking = [role for role in ("candidate", prices.frontier) if role not in prices.models]
        found += [
            source.problem(["prices", "frontier"], f"the break-even needs a price of '{role}' in prices.models.")
            for role in lacking
        ]
    if prices.fixed_per_month and prices.requests_per_month is None:
        message = "'fixed_per_month' is shared among the requests of a month; give 'requests_per_month' too."
        found.append(source.problem(["prices", "fixed_per_month"], message))
    return found


def unknown_columns(names: Iterable[str], suites: Iterable[Suite]) -> list[str]:
    """Those of `names` that are no column and no field of any task, whatever their case; lm-eval's rows are not seen.

    A slip in a name to be blacked out would show what is private.
    """
    missing = {name.casefold(): name for name in names}
    for task in (task for suite in suites for task in suite.tasks):
        for name in _names(task):
            missing.pop(name.casefold(), None)
            if not missing:
                return []
    return list(missing.values())


def _names(task: Task) -> Iterator[str]:
    schema = task.arguments.get("schema")
    yield from _keys(schema.get("properties")) if isinstance(schema, Mapping) else ()
    yield task.target
    for sample in task.samples:
        yield from _keys(sample.row)
        yield from _keys(sample.target)


def _keys(value: Json) -> Iterator[str]:
    """The names of all fields, at any depth; of records that are written as text, too."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return
    if isinstance(value, Mapping):
        yield from map(str, value)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for one in inner:
        yield from _keys(one)
