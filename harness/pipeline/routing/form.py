"""The form that every answer of production must have, as a question that can be put to each."""

from __future__ import annotations

import json
import re
from pathlib import Path

from harness.core.errors import ConfigError
from harness.router.router import Form

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
    try:
        compiled = re.compile(pattern, re.DOTALL)
    except re.error as error:
        raise ConfigError(f"canary.format: '{pattern}' is no regular expression: {error}.") from None
    return lambda text: compiled.fullmatch(text.strip()) is not None


def _fitting(path: Path, shown: str) -> Form:
    import jsonschema_rs

    try:
        validator = jsonschema_rs.validator_for(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, jsonschema_rs.ValidationError) as error:
        raise ConfigError(f"canary.format: '{shown}' is no file with a JSON schema: {error}.") from None

    def fits(text: str) -> bool:
        try:
            return bool(validator.is_valid(json.loads(text)))
        except ValueError:
            return False

    return fits
