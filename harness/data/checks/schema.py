"""Rules of the rows by pandera: the ones of their format, and a team's own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from harness.data.checks._found import Hits
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.own_schema import own_schema
from harness.data.rows import DataRow

MOST_CHARACTERS = 1_000_000  # of one input: nobody wrote it, and no context takes it
_BLANK = "is blank"
_RULES = {
    ("input", _BLANK): "Write what is asked; without it the model learns to say the same to everything.",
    ("input", "is too long"): "Look whether several rows or a whole file were put into one.",
    ("label", _BLANK): "Give the row its label, or take the column out.",
    ("roles", "are out of order"): "Turns go: system (at most one, first), user, assistant, user, assistant …",
}
# First letters of the roles: a system turn at most, then questions with answers; tools in between.
_ROLES = re.compile(r"s?(?:u(?:a?t+)*a)+")


class Check:
    """Validates each batch as a frame; what fails is kept by column and rule, with where it stands."""

    def __init__(self, setting: Setting) -> None:
        self._own = own_schema(setting.schema, setting.root) if setting.schema is not None else None
        self._declared = isinstance(setting.schema, Mapping)
        self._hits: dict[tuple[str, str], Hits] = defaultdict(lambda: Hits(drops=True))
        self._whole: dict[tuple[str, str, str], Hits] = defaultdict(Hits)

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self._validate(_schema(), _frame(rows), rows)
        if self._own is not None:
            self._validate(self._own, _own_frame(rows, self._declared), rows)

    def _validate(self, schema: Any, frame: Any, rows: Sequence[DataRow]) -> None:
        from pandera.errors import SchemaErrors

        try:
            schema.validate(frame, lazy=True)
        except SchemaErrors as error:
            found = error.failure_cases[["column", "check", "failure_case", "index"]]
            for column, rule, value, number in found.itertuples(index=False):
                if number is not None and number == number:  # NaN where there is no row
                    self._hits[str(column), str(rule)].add(rows[int(number)])
                else:
                    self._whole[str(column), str(rule), str(value)].add(rows[0])

    def findings(self) -> Iterator[DataFinding]:
        """One for each rule that is broken: first by no single row (told at the first of a batch), then by rows."""
        for (column, rule, value), hits in self._whole.items():
            what = f"no column '{value}'" if rule == "column_in_dataframe" else f"in '{column}' {value}, against {rule}"
            advice = "Correct the rows, or the schema where the rule is not meant so."
            message = f"the schema's rules are broken as a whole: {what}."
            yield from hits.finding("schema", Severity.ERROR, message, advice)
        for (column, rule), hits in self._hits.items():
            message = f"{{rows}} whose {column} {rule}."
            advice = _RULES.get((column, rule), "")
            if not advice:
                message = f"{{rows}} that break the schema's rule {rule} of '{column}'."
                advice = "Correct the rows, or the schema where the rule is not meant so."
            yield from hits.finding("schema", Severity.ERROR, message, advice)


@cache
def _schema() -> Any:
    """What holds of every row, whatever its format."""
    import pandera.pandas as pa

    def rule(check: Any, name: str) -> Any:
        return pa.Check(check, name=name, error=name)

    return pa.DataFrameSchema(
        {
            "input": pa.Column(
                checks=[
                    rule(lambda texts: texts.str.strip().ne(""), _BLANK),
                    rule(lambda texts: texts.str.len() <= MOST_CHARACTERS, "is too long"),
                ]
            ),
            "label": pa.Column(
                nullable=True, checks=rule(lambda texts: texts.isna() | texts.astype(str).str.strip().ne(""), _BLANK)
            ),
            "roles": pa.Column(checks=rule(lambda roles: roles.map(_is_in_order), "are out of order")),
        }
    )


@cache
def _is_in_order(roles: str) -> bool:
    return not roles or _ROLES.fullmatch(roles) is not None


def _frame(rows: Sequence[DataRow]) -> Any:
    import pandas as pd  # type: ignore[import-untyped]

    columns = {
        "input": [row.input for row in rows],
        "label": [row.label for row in rows],
        "roles": ["".join([role[:1] for role, _ in row.turns]) for row in rows],
    }
    return pd.DataFrame(columns, dtype=object)


def _own_frame(rows: Sequence[DataRow], as_they_are: bool) -> Any:
    """The rows' own columns, and input, target and label where they have none of that name.

    Their types are pandas' own, as a schema of pandera expects, or `as_they_are` in JSON.
    """
    import pandas as pd

    computed: list[Mapping[str, object]] = [
        {"input": row.input, "target": row.target, "label": row.label, **row.value} for row in rows
    ]
    return pd.DataFrame(computed, dtype=object if as_they_are else None)
