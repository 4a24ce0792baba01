"""Prompts that are longer than the models read at once, told before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness import base_models
from harness.config.templates import messages
from harness.core.json_files import json_object
from harness.core.releases import Release
from harness.core.samples import Sample
from harness.core.suites import Task
from harness.pipeline.workspace import Workspace

_LIMITS = ("max_model_len", "max_total_tokens")
# No model of ours reads less at once, so that shorter prompts need no look at the base model, whose digest takes time.
_LEAST = 1024


def too_long(release: Release) -> Iterator[str]:
    """A sentence for each task with prompts that leave no room for an answer: a server refuses them.

    Tokens are those of the base model's tokenizer, the chat template's own not counted; nothing is told where the base
    model is not on this disk. A token has a byte at least, so most prompts are not tokenized.
    """
    declared = [release.serve.arguments.get(key) for key in _LIMITS]
    limits = [limit for limit in declared if isinstance(limit, int)]
    least = min([*limits, _LEAST])
    suspects = [
        (suite.name, task, texts)
        for suite in release.suites
        for task in suite.tasks
        if (texts := _longer_than(task, least))
    ]
    spec = release.candidate.base_model
    base = base_models.here(spec, Workspace(release.root).models, release.root, release.home) if suspects else None
    tokenizer = _tokenizer(base) if base else None
    if base is None or tokenizer is None:
        return
    limit = min([*limits, *_own_limit(base)], default=None)
    if limit is None:
        return
    for suite, task, prompts in suspects:
        room = limit - task.generation.max_new_tokens
        counts = [(_tokens(tokenizer, texts), sample.id) for sample, texts in prompts if _bytes(texts) > room]
        longer = [(tokens, name) for tokens, name in counts if tokens > room]
        if longer:
            tokens, name = max(longer)
            yield (
                f"{suite}.{task.name}: {len(longer)} of {len(task.samples)} prompts with max_new_tokens "
                f"({task.generation.max_new_tokens}) are longer than the context of {limit:,} tokens (the longest "
                f"prompt, '{name}', has {tokens:,}): the server will refuse them. Shorten the rows."
            )


def _longer_than(task: Task, limit: int) -> list[tuple[Sample, list[str]]]:
    """Samples whose prompts have more bytes than the context has tokens, with the texts of their turns."""
    if task.prompt is None:
        return []
    longer = []
    for sample in task.samples:
        try:
            texts = [turn["content"] for turn in messages(task.prompt, sample.row)]
        except ValueError:  # told with its row
            continue
        if _bytes(texts) > limit - task.generation.max_new_tokens:
            longer.append((sample, texts))
    return longer


def _bytes(texts: Sequence[str]) -> int:
    return sum(len(text.encode("utf-8", "replace")) for text in texts)


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


def _own_limit(base: Path) -> list[int]:
    """The longest context that the base model is made for, in tokens; [] where its config does not say."""
    config = json_object(base / "config.json")
    parts = (config, config.get("text_config"))
    limits = [part.get("max_position_embeddings") for part in parts if isinstance(part, dict)]
    return [limit for limit in limits if isinstance(limit, int) and limit > 0]
