"""The config that Axolotl really gets: the user's own, with this run's files, seed and machine filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from harness.trainers.axolotl.rules import number_of
from harness.trainers.interface import TrainRequest

PLUGINS = "harness.trainers.axolotl.plugins"
CHECKPOINTS = "checkpoints"
# Axolotl keeps four where no number is given.
ALL = 1_000_000
# What a validation during training needs so that the best checkpoint can be taken.
BEST = {"load_best_model_at_end": True, "metric_for_best_model": "eval_loss", "greater_is_better": False}
# A CPU has no Triton kernels (Axolotl switches them on by itself) and no packing attention.
ON_CPU = {
    "bf16": False,
    "fp16": False,
    "tf32": False,
    "sample_packing": False,
    "eval_sample_packing": False,
    "pad_to_sequence_len": False,
    "gradient_checkpointing": False,
    "lora_mlp_kernel": False,
    "lora_qkv_kernel": False,
    "lora_o_kernel": False,
    "lora_embedding_kernel": False,
}
# They change how fast a GPU computes, not what is learned; what would change more is refused before (gpu.py).
NOT_ON_CPU = ("flash_attention", "xformers_attention", "sdp_attention", "deepspeed", "fsdp", "fsdp_config",
              "fsdp_version", "device_map", "torch_compile", "bfloat16", "float16")  # fmt: skip
# Rounded up to a whole step, this is the last one.
LAST_STEP_ONLY = 0.999999
# They would point past the files of this run.
OURS = (
    "tokenizer_config",
    "base_model_config",
    "revision_of_model",
    "model_revision",
    "resume_from_checkpoint",
)
ENTRY = {
    "type": "chat_template",
    "field_messages": "messages",
    "roles_to_train": ["assistant"],
    "train_on_eos": "turn",
}

Config = dict[str, object]


def resolve(config: Mapping[str, object], request: TrainRequest, device: str, workers: int = 1) -> Config:
    """The resolved config for `device` (cpu or cuda) and so many processes that train together.

    It also runs under plain `axolotl train`.
    """
    resolved = {key: value for key, value in config.items() if key not in OURS}
    resolved |= _files(config, request)
    resolved |= _validation(config) if validates(resolved) else {}
    resolved |= {"save_total_limit": ALL} if request.checkpoints else {}
    resolved |= {"seed": request.seed, "logging_steps": 1}
    resolved.setdefault("chat_template", "tokenizer_default")
    # In the training process itself: each worker would load everything again, for a quarter of a minute.
    resolved.setdefault("dataset_num_proc", 0)
    if device == "cpu":
        resolved = _for_cpu(resolved)
    elif resolved.get("attn_implementation") == "auto":
        del resolved["attn_implementation"]  # Axolotl's own default
    resolved["plugins"] = _plugins(resolved, device, workers)
    return resolved


def _files(config: Mapping[str, object], request: TrainRequest) -> Config:
    files: Config = {
        "base_model": str(request.base_model.resolve()),
        "datasets": [_entry(config.get("datasets"), request.data)],
        "dataset_prepared_path": str((request.output / "prepared").resolve()),
        "output_dir": str((request.output / CHECKPOINTS).resolve()),
        "auto_resume_from_checkpoints": True,
    }
    if request.validation:
        own = config.get("test_datasets") or config.get("datasets")
        entry = _entry(own, request.validation) | {"split": "train"}
        files |= {"test_datasets": [entry], "val_set_size": 0.0}
    else:
        files["test_datasets"] = None
    return files


def _entry(given: object, path: Path) -> Config:
    """The user's first entry, for how rows are read, with this run's file."""
    first = given[0] if isinstance(given, list) and given and isinstance(given[0], dict) else {}
    return {**(first or ENTRY), "path": str(path.resolve()), "ds_type": "json"}


def validates(resolved: Mapping[str, object]) -> bool:
    """Whether a resolved config has rows to validate on."""
    return bool(resolved.get("test_datasets") or resolved.get("val_set_size"))


def _validation(config: Mapping[str, object]) -> Config:
    """Evaluate and save at the same steps, and keep the best checkpoint."""
    settings: Config = {**BEST, "save_total_limit": max(2, _whole(config.get("save_total_limit"), 2))}
    cleared = dict.fromkeys(("evals_per_epoch", "saves_per_epoch", "eval_strategy", "save_strategy"))
    pace = config.get("eval_steps") or _share(config)
    return {**settings, **cleared, "eval_steps": pace, "save_steps": pace}


def _share(config: Mapping[str, object]) -> float:
    """The share of all steps between two evaluations; below 1, for Axolotl reads 1 as `never`."""
    epochs = number_of(config.get("num_epochs")) or 1.0
    times = number_of(config.get("evals_per_epoch")) or 2.0
    return min(1 / (times * epochs), LAST_STEP_ONLY)


def _whole(value: object, default: int) -> int:
    return int(value) if isinstance(value, int | float | str) and value else default


def _for_cpu(config: Config) -> Config:
    kept = {key: value for key, value in config.items() if key not in NOT_ON_CPU}
    if kept.get("optimizer") in (None, "", "adamw_torch_fused"):
        kept["optimizer"] = "adamw_torch"
    attention = kept.get("attn_implementation")
    return {**kept, **ON_CPU, "attn_implementation": "eager" if attention == "eager" else "sdpa"}


def _plugins(config: Mapping[str, object], device: str, workers: int) -> list[str]:
    given = config.get("plugins")
    listed = [str(name) for name in given] if isinstance(given, list) else []
    ours = ["Seed", "Progress"]
    if device == "cpu":
        ours += ["CpuForward"] + (["BnbCpu"] if config.get("adapter") == "qlora" else [])
        ours += ["CpuDdp"] if workers > 1 else []
        # Axolotl's own kernel plugins need a GPU.
        listed = [name for name in listed if "liger" not in name and "cut_cross_entropy" not in name]
    own = [f"{PLUGINS}.{name}" for name in ours]
    return [*(name for name in listed if name not in own), *own]


class _Plain(yaml.SafeDumper):
    """Without anchors, which are there for machines."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def write(config: Mapping[str, object], path: Path) -> None:
    """As YAML, in the order of the keys; keys without a value are left out."""
    stated = {key: value for key, value in sorted(config.items()) if value is not None}
    text = yaml.dump(stated, Dumper=_Plain, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
