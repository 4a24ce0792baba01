"""A training row in one shape, whatever format it came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.samples import Json

Turn = tuple[str, str]  # role, content


@dataclass(frozen=True, slots=True)
class DataRow:
    """One row. `file` is as a person named it, `line` counts from 1 (of a Parquet file: the row).

    `format` is chat, instruction, response or task (a suite's own columns). `turns` are all turns, the last one the
    assistant's; `input` is what is asked (all user turns, joined by line ends), `target` what is to be learnt. `label`
    is the class, where rows have one. `value` is the row as it stood.
    """

    file: str
    line: int
    format: str
    input: str
    target: str
    turns: tuple[Turn, ...]
    value: Mapping[str, Json] = field(default_factory=dict)
    label: str | None = None
