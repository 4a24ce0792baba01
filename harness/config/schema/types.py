"""Types that the keys of several files share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NAME = r"^[a-z][a-z0-9_-]*$"
Name = Annotated[str, Field(pattern=NAME, max_length=60)]


def _seconds(value: object) -> object:
    """'5s', '250ms', '2min', '3h' and '7d' as seconds; numbers stay."""
    if isinstance(value, str):
        for unit, factor in (("ms", 0.001), ("min", 60.0), ("s", 1.0), ("h", 3600.0), ("d", 86_400.0)):
            number = value.removesuffix(unit).strip()
            if value.endswith(unit) and number.replace(".", "", 1).isdigit():
                return float(number) * factor
    return value


_Time = Annotated[str, Field(pattern=r"^[0-9.]+ *(ms|s|min|h|d)$")]
Threshold = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=float | _Time)]
Seconds = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=float | _Time), Field(gt=0)]
# YAML has lists alone; what they become is frozen.
Words = Annotated[tuple[str, ...], Field(strict=False)]
URL = r"^https?://[^@/]+(/[^@]*)?$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


class File(BaseModel):
    """Strict: no unknown key, no number for a text, no NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())
