"""The form that every answer of production must have, as a question that can be put to each text.

What a model writes may be hostile: patterns are matched in linear time (so they know no look-around and no back
references), a schema fetches nothing, and what is longer than `LONGEST` is not of the form.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.core.errors import ConfigError

Form = Callable[[str], bool]
LONGEST = 1 << 18
_REGEX = "regex:"


def form_of(rule: str, root: Path) -> Form | None:
    """What tells whether a text is of the form; None without a rule. `regex:…` must match the whole text.

    A JSON schema's file is relative to `root`; the text must be JSON that fits it. Raises ConfigError.
    """
    if not rule:
        return None
    if rule.startswith(_REGEX):
        return _matching(rule.removeprefix(_REGEX))
    return _fitting(root / rule, rule)


def _matching(pattern: str) -> Form:
    import jsonschema_rs

    try:
        fits = _validator({"type": "string", "pattern": rf"\A(?s:{pattern})\z"})
    except jsonschema_rs.ValidationError:
        message = f"canary.format: '{pattern}' is no regular expression without look-around and back references."
        raise ConfigError(message) from None
    return lambda text: len(text) <= LONGEST and fits(text.strip())


def _fitting(path: Path, shown: str) -> Form:
    import jsonschema_rs
    import orjson

    try:
        fits = _validator(json.loads(path.read_text(encoding="utf-8")))
    except (
        OSError,
        ValueError,
        RecursionError,
        jsonschema_rs.ValidationError,
        jsonschema_rs.ReferencingError,
    ) as error:
        said = str(error).splitlines()[0]
        raise ConfigError(f"canary.format: '{shown}' is no file with a JSON schema: {said}.") from None

    def question(text: str) -> bool:
        if len(text) > LONGEST:
            return False
        try:
            return fits(orjson.loads(text))
        except ValueError:
            return False

    return question


def _validator(schema: Any) -> Callable[[Any], bool]:
    from jsonschema_rs import RegexOptions, validator_for

    return validator_for(schema, pattern_options=RegexOptions(), offline=True).is_valid
