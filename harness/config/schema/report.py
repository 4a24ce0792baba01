"""How the report is told, and what things cost."""

from __future__ import annotations

from pydantic import Field

from harness.config.schema.types import File, Name


class ReportFile(File):
    """How the report is told. Changes no verdict."""

    title: str = Field("", max_length=120, description="What the client calls the product (default: the name).")
    client: str = Field("", max_length=120, description="Whom the client's edition is for.")
    contact: str = Field("", max_length=200, description="Whom its reader may ask.")
    samples: bool = Field(False, description="Whether the client's edition shows texts of samples.")
    redact: list[str] = Field(
        default_factory=list, description="Columns and fields whose values the client's edition blacks out."
    )


class TokenPriceFile(File):
    """Prices of a million tokens."""

    prompt: float = Field(ge=0, description="Of the prompt.")
    generated: float = Field(ge=0, description="Of the answer.")


class PriceFile(File):
    """What a model costs: exactly one of `per_hour` and `per_million_tokens`."""

    per_hour: float | None = Field(None, ge=0, description="Of the server, while it answers as in the measured phase.")
    per_million_tokens: TokenPriceFile | None = None


class TrainingPriceFile(File):
    """What training costs."""

    per_hour: float | None = Field(None, ge=0, description="Of the machine that trains.")
    per_kwh: float | None = Field(None, ge=0, description="Of its energy, where the driver tells how much was used.")


class PricesFile(File):
    """What candidate and baselines cost. Changes no verdict, but through gates on cost.*."""

    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="EUR, USD, …")
    models: dict[Name, PriceFile] = Field(default_factory=dict, description="By role: candidate, or a baseline's name.")
    training: TrainingPriceFile | None = Field(None, description="What training costs.")
    frontier: str | None = Field(None, description="The baseline that the candidate would replace, for the break-even.")
    requests_per_month: int | None = Field(None, ge=1, description="Traffic, for the break-even in months.")
    fixed_per_month: float = Field(0.0, ge=0, description="What the candidate costs a month beside its requests.")
