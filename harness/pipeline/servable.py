"""Before hours of training: adapters that the release's server could not serve."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness import catalog
from harness.config.source import Source, Where, load_yaml
from harness.core.errors import ConfigError, Problem
from harness.core.json_files import json_object
from harness.core.releases import Release
from harness.core.trainings import Training
from harness.trainers.axolotl.rules import number_of

_UNKNOWN = "openai"  # it may serve anything
# What a trained adapter's own config says of the same, beside Axolotl's key.
_UNSERVED = {
    "peft_use_dora": "DoRA",
    "lora_modules_to_save": "whole modules beside LoRA",
    "peft_trainable_token_indices": "rows of the embedding",
    "peft_layer_replication": "more layers than the base model has",
    "lora_target_parameters": "parameters that are no modules",
}
_PREFIXES = ("peft_", "lora_")
_RANK, _RANKS = "lora_r", "lora_rank_pattern"
_VLLM_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)


def unservable(release: Release, path: Path) -> list[Problem]:
    """Every key of a training, or of a given adapter, that is refused only once the adapter is to be served.

    `path` is the release's file.
    """
    if release.serve.merged or release.serve.kind == _UNKNOWN:
        return []
    runs = [experiment.training for experiment in release.experiments.runs] if release.experiments else []
    trainings = runs or ([release.candidate.training] if release.candidate.training else [])
    problems = [problem for training in trainings for problem in _of_training(release, training)]
    if release.candidate.adapter:
        problems += _of_adapter(release, release.candidate.adapter, path)
    return list(dict.fromkeys(problems))


def _of_training(release: Release, training: Training) -> Iterator[Problem]:
    shown_as = os.path.relpath(training.axolotl, release.root)
    try:
        source = load_yaml(training.axolotl, shown_as)
    except (ConfigError, OSError):  # told by the trainer's own check
        return
    if not isinstance(source.value, Mapping):
        return
    values: Mapping[str, object] = {**source.value, **training.settings}
    kind = release.serve.kind
    for key, unserved in _UNSERVED.items():
        if values.get(key):
            message = f"'{key}' trains {unserved}, which serve.{kind} cannot serve beside the base model."
            yield source.problem(_place_of(key, training, source), message, _way_out(kind))
    targets = values.get("lora_target_modules")
    if kind == "local" and isinstance(targets, list) and "lm_head" in targets:
        message = "an adapter of the output head (lm_head) cannot be served beside the base model by serve.local."
        yield source.problem(("lora_target_modules",), message, _way_out(kind))
    most = _most(release)
    for key, rank in ((_RANK, number_of(values.get(_RANK))), (_RANKS, _highest(values.get(_RANKS)))):
        if rank is not None and most is not None and rank > most:
            yield source.problem(_place_of(key, training, source), _too_high(rank, most), _higher(rank))


def _of_adapter(release: Release, adapter: Path, path: Path) -> list[Problem]:
    config = json_object(adapter / "adapter_config.json")
    try:
        source = load_yaml(path, release.file)
    except (OSError, ConfigError):  # the release's own check says so
        return []
    kind, keys = release.serve.kind, ("candidate", "adapter")
    used = [unserved for key, unserved in _UNSERVED.items() if config.get(_in_adapter(key))]
    used += ["biases"] if config.get("bias", "none") != "none" else []
    if used:
        message = f"the adapter '{adapter.name}' holds {' and '.join(used)}, which serve.{kind} cannot serve."
        return [source.problem(keys, message, _way_out(kind))]
    most, ranks = _most(release), (number_of(config.get("r")), _highest(config.get("rank_pattern")))
    rank = max((rank for rank in ranks if rank is not None), default=None)
    if rank is None or most is None or rank <= most:
        return []
    return [source.problem(keys, _too_high(rank, most), _higher(rank))]


def _in_adapter(key: str) -> str:
    """What PEFT's config calls an Axolotl key."""
    return next(key.removeprefix(prefix) for prefix in _PREFIXES if key.startswith(prefix))


def _highest(pattern: object) -> float | None:
    """The highest rank that single layers have; None where none is set."""
    ranks = [number_of(rank) for rank in pattern.values()] if isinstance(pattern, Mapping) else []
    return max((rank for rank in ranks if rank is not None), default=None)


def _place_of(key: str, training: Training, source: Source) -> Where:
    return () if key in training.settings and (key,) not in source.lines else (key,)


def _most(release: Release) -> int | None:
    """The highest rank that the server is told to take; None where it takes any."""
    most = release.serve.arguments.get("max_lora_rank")
    return most if isinstance(most, int) else None


def _too_high(rank: float, most: int) -> str:
    return f"the adapter's rank, {rank:g}, is above serve.vllm.max_lora_rank ({most}): vLLM would not start with it."


def _higher(rank: float) -> str:
    enough = next((size for size in _VLLM_RANKS if size >= rank), None)
    return f"Set max_lora_rank: {enough}." if enough else f"vLLM takes {_VLLM_RANKS[-1]} at most."


def _way_out(kind: str) -> str:
    if catalog.plug("servers", kind).starts_here:
        return "Leave it out, or write 'merged: true' under 'serve'."
    *others, last = (name for name in catalog.names("servers") if catalog.plug("servers", name).starts_here)
    return f"Leave it out, or serve by {', '.join(others)} or {last} with 'merged: true'."
