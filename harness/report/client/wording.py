"""The fixed texts of the client's edition: the package's, and over them those of a team."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.config.source import Source, load_yaml, nearest
from harness.core.errors import ConfigError, Problem

FILE = "wording.yaml"
_PACKAGE = Path(__file__).parents[1] / "templates" / FILE
_PLACE = re.compile(r"\{([a-z]+)\}")

Say = Mapping[str, str]


def load_wording(folder: Path | None) -> Say:
    """Every text by its key; those of `folder`/wording.yaml, where there is one, replace the package's.

    Raises ConfigError for keys that there are not, for what is no text, and for other {places} than the package's.
    """
    ours = {key: str(text) for key, text in _entries(load_yaml(_PACKAGE, FILE)).items()}
    path = folder / FILE if folder else None
    if path is None or not path.exists():
        return ours
    source = load_yaml(path)
    theirs = _entries(source)
    problems = [problem for key, text in theirs.items() for problem in _problems(key, text, ours, source)]
    if problems:
        raise ConfigError(problems)
    return {**ours, **{key: str(text) for key, text in theirs.items()}}


def tell(say: Say, key: str, **values: str) -> str:
    """A text with its {places} filled. What is filled in is never read again."""
    return _PLACE.sub(lambda match: values[match[1]], say[key])


def start(text: str) -> str:
    """A sentence's first letter as a capital."""
    return text[:1].upper() + text[1:]


def _entries(source: Source) -> Mapping[str, object]:
    if source.value is None:
        return {}
    if not isinstance(source.value, dict):
        raise ConfigError(source.problem([], "this file must be a mapping of keys to texts."))
    return source.value


def _problems(key: str, text: object, ours: Say, source: Source) -> Iterable[Problem]:
    if key not in ours:
        yield source.problem([key], f"there is no text '{key}'.", nearest(key, ours))
    elif not isinstance(text, str):
        yield source.problem([key], f"'{key}' must be a text.", "Put it in quotes.")
    elif sorted(set(_PLACE.findall(text))) != (wanted := sorted(set(_PLACE.findall(ours[key])))):
        places = ", ".join(f"{{{place}}}" for place in wanted) or "no {place}"
        yield source.problem([key], f"'{key}' must hold {places}, and no other.")
    elif "{" in (rest := _PLACE.sub("", text)) or "}" in rest:
        yield source.problem([key], f"'{key}' has a brace that is not of a {{place}}.", "Take it out.")
