"""Prompts that are longer than the models read at once, told before anything is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness import base_models
from harness.config.templates import messages
from harness.core.releases import Release, Task
from harness.core.samples import Sample
from harness.pipeline.workspace import Workspace

_LIMITS = ("max_model_len", "max_total_tokens")


def too_long(release: Release) -> Iterator[str]:
    """A sentence for each task with prompts that leave no room for an answer: a server refuses them.

    Tokens are those of the base model's tokenizer, the chat template's own not counted; nothing is told where neither
    the base model nor a limit of the server is known here. A token has a byte at least, so most prompts are not read.
    """
    spec = release.candidate.base_model
    base = base_models.here(spec, Workspace(release.root).models, release.root, release.home)
    limit = _limit(release, base)
    if base is None or limit is None:
        return
    for suite in release.suites:
        for task in suite.tasks:
            found = _long(task, base, limit)
            if found:
                sample, tokens = max(found, key=lambda one: one[1])
                yield (
                    f"{suite.name}.{task.name}: {len(found)} of {len(task.samples)} prompts with max_new_tokens "
                    f"({task.generation.max_new_tokens}) are longer than the context of {limit:,} tokens (the longest "
                    f"prompt, '{sample.id}', has {tokens:,}): the server will refuse them. Shorten the rows."
                )


def _long(task: Task, base: Path, limit: int) -> list[tuple[Sample, int]]:
    """Samples whose prompts surely do not fit, with their tokens."""
    if task.prompt is None:
        return []
    room = limit - task.generation.max_new_tokens
    suspects = []
    for sample in task.samples:
        try:
            texts = [turn["content"] for turn in messages(task.prompt, sample.row)]
        except ValueError:  # told with its row
            continue
        if sum(len(text.encode("utf-8", "replace")) for text in texts) > room:
            suspects.append((sample, texts))
    tokenizer = _tokenizer(base) if suspects else None
    if tokenizer is None:
        return []
    counted = [(sample, _tokens(tokenizer, texts)) for sample, texts in suspects]
    return [(sample, tokens) for sample, tokens in counted if tokens > room]


def _tokens(tokenizer: Any, texts: Sequence[str]) -> int:
    return sum(len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts)


def _tokenizer(base: Path) -> Any:
    """The base model's tokenizer; None where it has no file of its own, or the package is not here."""
    try:
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(base / "tokenizer.json"))
    except ImportError:
        return None
    except Exception:  # the library raises nothing narrower for a file that it cannot read
        return None


def _limit(release: Release, base: Path | None) -> int | None:
    """The longest context, in tokens: the base model's own, or less where the server takes less."""
    given = [release.serve.arguments.get(key) for key in _LIMITS]
    try:
        config = json.loads((base / "config.json").read_text(encoding="utf-8")) if base else {}
    except (OSError, ValueError):
        config = {}
    inner = config.get("text_config") if isinstance(config, dict) else None
    for told in (config, inner):
        given.append(told.get("max_position_embeddings") if isinstance(told, dict) else None)
    known = [one for one in given if isinstance(one, int) and one > 0]
    return min(known, default=None)
