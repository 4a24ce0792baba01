"""How the end-of-sequence tokens of a base model are spelled, from its files alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from harness.core.json_files import json_object


@cache
def end_tokens(folder: Path) -> tuple[str, ...]:
    """The texts of the tokens that end an answer: those of generation_config.json (else config.json), and the
    tokenizer's own; () where the files do not tell."""
    ids = _ids(json_object(folder / "generation_config.json")) or _ids(json_object(folder / "config.json"))
    settings = json_object(folder / "tokenizer_config.json")
    own = settings.get("eos_token")
    texts = [own["content"] if isinstance(own, dict) and "content" in own else own]
    texts += [text for id, text in _added(folder, settings) if id in ids]
    return tuple(dict.fromkeys(text for text in texts if isinstance(text, str) and text.strip()))


def _ids(config: dict[str, Any]) -> frozenset[int]:
    ids = config.get("eos_token_id")
    return frozenset(id for id in (ids if isinstance(ids, list) else [ids]) if isinstance(id, int))


def _added(folder: Path, settings: dict[str, Any]) -> Iterator[tuple[int, object]]:
    """Ids and texts of the tokens that the tokenizer does not split, as its two files list them."""
    listed, decoder = json_object(folder / "tokenizer.json").get("added_tokens"), settings.get("added_tokens_decoder")
    rows = [(token.get("id"), token) for token in listed if isinstance(token, dict)] if isinstance(listed, list) else []
    rows += [(int(id), token) for id, token in decoder.items() if id.isdecimal()] if isinstance(decoder, dict) else []
    yield from ((id, token.get("content")) for id, token in rows if isinstance(id, int) and isinstance(token, dict))
