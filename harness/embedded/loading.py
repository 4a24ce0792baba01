"""Base model and adapters from folders: safetensors only, nothing executed, nothing left out in silence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .digests import digest_base, digest_file
from .errors import StartError
from .jobs import BASE
from .text import Text

_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_HARMLESS = frozenset({"training_args.bin"})  # the trainer leaves it; never opened here
_UNSUPPORTED = (
    "use_dora",
    "modules_to_save",
    "trainable_token_indices",
    "layer_replication",
    "alora_invocation_tokens",
    "use_qalora",
    "target_parameters",
)
_MERGE = "Serve it merged into the base model ('merged: true' under 'serve')."
RESERVED = frozenset({"tgi", "dummy", "", BASE})


@dataclass(frozen=True, slots=True)
class AdapterInfo:
    """`key` is the engine's own name: PEFT does not take every name that a user may give."""

    name: str
    key: str
    digest: str
    config_digest: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory. `peft` wraps `model`, which then holds the adapters' layers; None without adapters."""

    name: str
    model: Any
    peft: Any
    text: Text
    pad_id: int
    eos_ids: frozenset[int]
    max_positions: int
    digest: str
    adapters: tuple[AdapterInfo, ...]


def load(base: Path, adapters: Mapping[str, Path], dtype: str, device: str) -> Loaded:
    """Raises StartError where a file is missing, pickled, or asks for what mixed batches cannot do."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _check_base(base)
    for name, folder in adapters.items():
        _check_adapter(name, folder, base)
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True, trust_remote_code=False)
    model: Any = AutoModelForCausalLM.from_pretrained(
        base,
        dtype=getattr(torch, dtype),
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        attn_implementation="sdpa",
    )
    model.requires_grad_(False).eval().to(device)
    digest = digest_base(base)
    infos = tuple(_describe(number, name, folder) for number, (name, folder) in enumerate(adapters.items()))
    peft = _attach(model, infos, adapters) if infos else None
    eos = _eos_ids(model, tokenizer)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else next(iter(eos), 0)
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 2**31
    return Loaded(base.resolve().name, model, peft, Text(tokenizer), pad, eos, positions, digest, infos)


def _check_base(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise StartError(f"{folder} is not a model folder: it has no config.json.")
    if not list(folder.glob("*.safetensors")):
        raise StartError(f"{folder} has no *.safetensors: pickled weights are not loaded.")


def _check_adapter(name: str, folder: Path, base: Path) -> None:
    if name in RESERVED or name == base.resolve().name:
        raise StartError(f"The adapter name {name!r} already means the base model. Choose another.")
    pickled = sorted({p.name for pattern in _PICKLED for p in folder.glob(pattern)} - _HARMLESS)
    if pickled:
        raise StartError(f"Adapter {name}: {folder} holds pickled weights ({pickled[0]}); use safetensors.")
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        if not (folder / file).is_file():
            raise StartError(f"Adapter {name}: {folder} has no {file}.")
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    if config.get("peft_type") != "LORA":
        raise StartError(f"Adapter {name}: only LoRA adapters are served, this is {config.get('peft_type')}.")
    used = [key for key in _UNSUPPORTED if config.get(key)]
    if config.get("bias", "none") != "none":
        used.append("bias")
    if used:
        raise StartError(f"Adapter {name}: {', '.join(used)} cannot be served beside other adapters. {_MERGE}")


def _describe(number: int, name: str, folder: Path) -> AdapterInfo:
    weights, config = folder / "adapter_model.safetensors", folder / "adapter_config.json"
    return AdapterInfo(name, f"adapter{number}", digest_file(weights), digest_file(config))


def _attach(model: Any, infos: tuple[AdapterInfo, ...], folders: Mapping[str, Path]) -> Any:
    from peft import PeftConfig, PeftModel
    from peft.tuners.tuners_utils import BaseTunerLayer

    config = PeftConfig.from_pretrained(str(folders[infos[0].name]))
    config.inference_mode = True
    peft: Any = PeftModel(model, config, adapter_name=infos[0].key)
    for info in infos:
        peft.load_adapter(str(folders[info.name]), adapter_name=info.key, is_trainable=False)
        _check_weights(peft, info, folders[info.name])
    if isinstance(model.get_output_embeddings(), BaseTunerLayer):
        raise StartError(
            f"An adapter changes the output head (lm_head): that cannot be served in mixed batches. {_MERGE}"
        )
    peft.requires_grad_(False).eval()
    return peft


def _check_weights(peft: Any, info: AdapterInfo, folder: Path) -> None:
    """Weights that PEFT skipped or left random would give the wrong model with no error at all."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import load_file

    stored = load_file(str(folder / "adapter_model.safetensors"))
    loaded = get_peft_model_state_dict(peft, adapter_name=info.key)
    if stored.keys() != loaded.keys():
        odd = sorted(stored.keys() ^ loaded.keys())
        raise StartError(f"Adapter {info.name} does not fit the base model: {len(odd)} tensors differ, e.g. {odd[0]}.")
    for key, tensor in stored.items():
        if not torch.equal(loaded[key].cpu(), tensor.to(loaded[key].dtype)):
            raise StartError(f"Adapter {info.name}: {key} was not loaded as stored.")


def _eos_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    stored = getattr(model.generation_config, "eos_token_id", None)
    ids = stored if isinstance(stored, list) else [stored]
    return frozenset(i for i in [*ids, tokenizer.eos_token_id] if i is not None)
