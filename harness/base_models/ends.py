"""How the end-of-sequence tokens of a base model are spelled, from its files alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any


@cache
def end_tokens(folder: Path) -> tuple[str, ...]:
    """The texts of the tokens that end an answer: those of generation_config.json (else config.json), and the
    tokenizer's own; () where the files do not tell."""
    ids = _ids(_read(folder / "generation_config.json")) or _ids(_read(folder / "config.json"))
    settings = _read(folder / "tokenizer_config.json")
    own = settings.get("eos_token")
    texts = [own["content"] if isinstance(own, dict) and "content" in own else own]
    texts += [text for id, text in _added(folder, settings) if id in ids]
    return tuple(dict.fromkeys(text for text in texts if isinstance(text, str) and text.strip()))


def _ids(config: dict[str, Any]) -> frozenset[int]:
    found = config.get("eos_token_id")
    return frozenset(id for id in (found if isinstance(found, list) else [found]) if isinstance(id, int))


def _added(folder: Path, settings: dict[str, Any]) -> Iterator[tuple[int, object]]:
    """Ids and texts of the tokens that the tokenizer does not split, as its two files list them."""
    for token in _read(folder / "tokenizer.json").get("added_tokens") or ():
        yield token.get("id"), token.get("content")
    for id, token in (settings.get("added_tokens_decoder") or {}).items():
        yield int(id), token.get("content")


def _read(path: Path) -> dict[str, Any]:
    """A file of settings; {} where it is not there, or holds none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
