"""Keys of servers, from the environment: never stored, never shown."""

from __future__ import annotations

import os

from harness.core.errors import ConfigError


def key_from(variable: str | None, declared: str) -> str | None:
    """The key in an environment variable; None without a variable. `declared` is the key of the file that names it.

    Raises ConfigError where it is not set, or holds what no HTTP header can (libraries would show it in their errors).
    """
    if variable is None:
        return None
    key = os.environ.get(variable)
    if not key:
        raise ConfigError(f"{declared}: the environment variable {variable} is not set.")
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"{declared}: the key in {variable} holds a line break or a character that HTTP cannot send.")
    return key
