"""vLLM, installed on this machine: `vllm serve` with LoRA modules, on loopback, stopped with us."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from harness.core.samples import Json
from harness.servers._children import started, wait_healthy
from harness.servers._commands import (
    Gpus,
    devices,
    found,
    refuse_names,
    refuse_no_gpu,
    refuse_options,
    refuse_ranks,
    version_of,
)
from harness.servers._ports import LOOPBACK, free_port, refuse_taken
from harness.servers.interface import Artefacts, Endpoint

_KIND, _BASE = "vllm", "base"
_OWN = (
    "--model", "--served-model-name", "--enable-lora", "--lora-modules", "--max-loras", "--max-lora-rank",
    "--tensor-parallel-size", "-tp", "--quantization", "-q", "--dtype", "--max-model-len", "--host", "--port",
    "--api-key", "--config", "--generation-config", "--override-generation-config",
)  # fmt: skip
# vLLM's own values where a request is silent, not those of the model's generation_config.json: a repetition penalty in
# there would change greedy answers.
_NEUTRAL = "vllm"
_QUIET = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


@dataclass(frozen=True, slots=True)
class Vllm:
    """`command` is its name or path; `shards` the size of tensor parallelism; `port` 0: any free one.

    `start` is the longest time until it is healthy, seconds. `gpus`: all, none, or their numbers.
    """

    starts_here: ClassVar[bool] = True

    command: str = "vllm"
    gpus: Gpus = "all"
    shards: int = 1
    quantize: str | None = None
    dtype: str = "auto"
    max_model_len: int | None = None
    max_lora_rank: int = 64
    port: int = 0
    start: float = 900.0
    options: tuple[str, ...] = ()

    def identity(self) -> Mapping[str, Json]:
        """vLLM's version, and every setting that may change an answer. Raises ConfigError for options that are ours."""
        refuse_options(self.options, _OWN, _KIND)
        return {
            "kind": _KIND, "version": version_of(found(self.command, _KIND)), "shards": self.shards,
            "quantize": self.quantize, "dtype": self.dtype, "max_model_len": self.max_model_len,
            "options": list(self.options), "generation_config": _NEUTRAL,
        }  # fmt: skip

    def check(self) -> None:
        """Raises OutsideError where vLLM or a GPU is missing, or the port is taken; starts nothing.

        Raises ConfigError for options that harness sets itself.
        """
        refuse_options(self.options, _OWN, _KIND)
        found(self.command, _KIND)
        refuse_no_gpu(self.gpus, _KIND)
        refuse_taken(self.port, _KIND)

    @contextmanager
    def running(self, artefacts: Artefacts) -> Iterator[Endpoint]:
        """Start it with every adapter, wait until it is healthy, and stop it again."""
        refuse_names(artefacts.adapters, _BASE)
        refuse_ranks(artefacts.adapters, self.max_lora_rank, "serve.vllm.max_lora_rank")
        self.check()
        port = self.port or free_port()
        env = {name: value for name, value in os.environ.items() if name != "VLLM_API_KEY"}
        with started(
            "vllm", self._command(artefacts, port), artefacts.log, {**env, **_QUIET, **devices(self.gpus)}
        ) as child:
            url = wait_healthy(child, port, self.start, _KIND)
            names = {adapter.digest: adapter.name for adapter in artefacts.adapters}
            dtype = "quantized" if self.quantize else None if self.dtype == "auto" else self.dtype
            yield Endpoint(f"{url}/v1", names, api="openai", base=_BASE, dtype=dtype, watch=child.ended)

    def _command(self, artefacts: Artefacts, port: int) -> list[str]:
        command = [found(self.command, _KIND), "serve", str(artefacts.base), "--served-model-name", _BASE]
        command += ["--host", LOOPBACK, "--port", str(port), "--tensor-parallel-size", str(self.shards)]
        command += ["--dtype", self.dtype, "--generation-config", _NEUTRAL]
        command += ["--quantization", self.quantize] if self.quantize else []
        command += ["--max-model-len", str(self.max_model_len)] if self.max_model_len else []
        command += self.options
        if artefacts.adapters:
            modules = [f"{adapter.name}={adapter.folder.resolve()}" for adapter in artefacts.adapters]
            command += ["--enable-lora", "--max-lora-rank", str(self.max_lora_rank)]
            command += ["--max-loras", str(len(modules)), "--lora-modules", *modules]
        return command
