"""How a report is told and what models cost: nothing of it changes a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Presentation:
    """What the client's edition calls things.

    `title` is the product's name there ("": the release's own), `client` whom it is for, `contact` whom to ask. With
    `samples` it shows texts of samples; the values of the columns and fields in `redact` are blacked out in it.
    """

    title: str = ""
    client: str = ""
    contact: str = ""
    samples: bool = False
    redact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs: its server an hour, or its tokens a million (prompt and generated)."""

    per_hour: float | None = None
    prompt: float | None = None
    generated: float | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices in `currency` (EUR) by role: "candidate" or a baseline's name.

    Training costs `training_hour` an hour and `energy` a kilowatt-hour. The candidate would replace `frontier`, at
    `requests` a month, and costs `fixed` a month beside its requests.
    """

    currency: str = "EUR"
    models: Mapping[str, Price] = field(default_factory=dict)
    training_hour: float | None = None
    energy: float | None = None
    frontier: str | None = None
    requests: int | None = None
    fixed: float = 0.0
