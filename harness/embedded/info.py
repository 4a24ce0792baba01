"""What /info says: TGI's fields, then which bytes answer and by which code."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from harness import __version__

from . import DEVIATIONS
from .engine import Engine
from .grouping import Limits
from .loading import Loaded


def describe(loaded: Loaded, engine: Engine, limits: Limits) -> dict[str, Any]:
    """No path of the machine is among it; digests are SHA-256."""
    weights = next(loaded.model.parameters())
    return {
        "model_id": loaded.name,
        "model_sha": None,
        "model_dtype": str(weights.dtype).removeprefix("torch."),
        "model_device_type": engine.device.type,
        "model_pipeline_tag": "text-generation",
        "max_concurrent_requests": limits.concurrent_requests,
        "max_best_of": 1,
        "max_stop_sequences": limits.stop_sequences,
        "max_input_tokens": limits.total_tokens - 1,
        "max_total_tokens": limits.total_tokens,
        "max_batch_total_tokens": limits.batch_total_tokens,
        "max_batch_size": limits.batch_size,
        "validation_workers": 1,
        "max_client_batch_size": limits.client_batch_size,
        "router": "harness-embedded",
        "version": __version__,
        "sha": None,
        "docker_label": None,
        "server": "harness-embedded",
        "device_type": engine.device.type,
        "base_digest": loaded.digest,
        "adapters": [
            {"name": info.name, "digest": info.digest, "config_digest": info.config_digest} for info in loaded.adapters
        ],
        "versions": {name: version(name) for name in ("torch", "transformers", "peft")},
        "deviations": list(DEVIATIONS),
    }
