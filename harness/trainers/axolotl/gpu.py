"""Settings that a CPU can't honour: refused where there is no GPU, for dropping them would train something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from harness.config.source import Source
from harness.core.errors import Problem

_HINT = "Train on a machine with a GPU (launcher: docker, ssh or ray), or {}."


def _is_true(value: object) -> bool:
    return value is True or str(value).lower() == "true"


def _is_given(value: object) -> bool:
    return bool(value)


def _above_one(value: object) -> bool:
    return isinstance(value, int) and value > 1


def _only_on_gpu(value: object) -> bool:
    return value not in (None, "auto", "sdpa", "eager")


def _of_bitsandbytes(value: object) -> bool:
    return any(word in str(value or "") for word in ("8bit", "4bit", "paged"))


_NEEDS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "attn_implementation": (_only_on_gpu, "write auto"),
    "flash_attention": (_is_true, "remove it"),
    "xformers_attention": (_is_true, "remove it"),
    "sample_packing": (_is_true, "set it to false"),
    "bf16": (lambda value: _is_true(value) or value == "full", "write auto"),
    "fp16": (_is_true, "remove it"),
    "bfloat16": (_is_true, "write 'bf16: auto'"),
    "float16": (_is_true, "write 'bf16: auto'"),
    "tf32": (_is_true, "write auto"),
    "load_in_8bit": (_is_true, "set it to false"),
    "optimizer": (_of_bitsandbytes, "write adamw_torch"),
    "deepspeed": (_is_given, "remove it"),
    "fsdp": (_is_given, "remove it"),
    "fsdp_config": (_is_given, "remove it"),
    "tensor_parallel_size": (_above_one, "remove it"),
    "context_parallel_size": (_above_one, "remove it"),
    "dp_shard_size": (_above_one, "remove it"),
}


def problems(source: Source, settings: Mapping[str, object]) -> Iterator[Problem]:
    """What needs a GPU in a config whose keys `settings` stand above those of the file."""
    own = source.value if isinstance(source.value, dict) else {}
    for key, value in {**own, **settings}.items():
        needs, instead = _NEEDS.get(str(key), (None, ""))
        if needs and needs(value):
            message = f"'{key}: {value if isinstance(value, str | int) else '…'}' needs a GPU, and there is none here."
            hint = _HINT.format(instead)
            yield Problem(message, hint=hint) if key in settings else source.problem((key,), message, hint)
