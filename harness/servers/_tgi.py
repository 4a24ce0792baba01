"""What is said to text-generation-launcher, wherever it runs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from typing import Protocol

from harness.core.samples import Json
from harness.servers._commands import refuse_options
from harness.servers._ports import free_port
from harness.servers.interface import Adapter

# What the client sends for "no adapter".
BASE = "tgi"
_ALWAYS = ("--enable-prefill-logprobs", "--usage-stats")
_OWN = (
    "--model-id", "--lora-adapters", "--num-shard", "--quantize", "--dtype", "--max-input-tokens", "--max-total-tokens",
    "--port", "-p", "--hostname", "--api-key", *_ALWAYS,
)  # fmt: skip
# What a second launcher on the machine would have in common with the first.
APART = ("--shard-uds-path", "--master-port", "--prometheus-port")
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
# Each flag of the launcher is a variable too: one that happens to be set here must not change what answers.
_FLAGS_AS_VARIABLES = frozenset(flag.lstrip("-").replace("-", "_").upper() for flag in (*_OWN, *APART)) | {
    "KV_CACHE_DTYPE", "MAX_BATCH_PREFILL_TOKENS", "MAX_BATCH_TOTAL_TOKENS", "MAX_CLIENT_BATCH_SIZE",
    "MAX_CONCURRENT_REQUESTS", "REVISION", "ROPE_FACTOR", "ROPE_SCALING", "SHARDED", "SPECULATE",
    "TOKENIZER_CONFIG_PATH", "TRUST_REMOTE_CODE",
}  # fmt: skip


class Settings(Protocol):
    """What both ways to start the launcher have in common."""

    @property
    def shards(self) -> int | None: ...
    @property
    def quantize(self) -> str | None: ...
    @property
    def dtype(self) -> str | None: ...
    @property
    def max_input_tokens(self) -> int | None: ...
    @property
    def max_total_tokens(self) -> int | None: ...
    @property
    def options(self) -> tuple[str, ...]: ...


def check(settings: Settings, kind: str) -> None:
    """Raises ConfigError for options that harness sets itself."""
    refuse_options(settings.options, _OWN, kind)


def apart(port: int) -> dict[str, str]:
    """Variables that keep the launcher at `port` apart from any other on this machine: its shards' sockets and ports.

    They are variables, since a launcher that does not know one yet would not start with its flag.
    """
    return {
        "SHARD_UDS_PATH": f"{tempfile.gettempdir()}/harness-tgi-{port}",
        "MASTER_PORT": str(free_port()),
        "PROMETHEUS_PORT": str(free_port()),
    }


def identity(settings: Settings, kind: str) -> dict[str, Json]:
    """What may change an answer. Raises ConfigError as `check` does."""
    check(settings, kind)
    found: dict[str, Json] = {"kind": kind, "options": list(settings.options)}
    return found | {flag.lstrip("-").replace("-", "_"): value for flag, value in _set(settings).items()}


def arguments(settings: Settings, base: str, host: str, port: int) -> list[str]:
    """The launcher's arguments; prefill log-probabilities are always asked for, statistics never sent."""
    given = {"--model-id": base, "--hostname": host, "--port": str(port), "--usage-stats": "off"}
    given |= {flag: str(value) for flag, value in _set(settings).items()}
    flags = [word for pair in given.items() for word in pair]
    return [*flags, "--enable-prefill-logprobs", *settings.options]


def variables(outer: Mapping[str, str], adapters: Sequence[Adapter], folders: Sequence[str]) -> dict[str, str]:
    """The launcher's environment: `outer` without what it would read as flags, then its adapters in their folders.

    The adapters' configs need no base model's name: TGI compares it only for an adapter without a folder.
    """
    kept = {name: value for name, value in outer.items() if name not in _FLAGS_AS_VARIABLES}
    named = ",".join(f"{adapter.name}={folder}" for adapter, folder in zip(adapters, folders, strict=True))
    return {**kept, **OFFLINE, **({"LORA_ADAPTERS": named} if named else {})}


def _set(settings: Settings) -> dict[str, str | int]:
    given = {
        "--num-shard": settings.shards, "--quantize": settings.quantize, "--dtype": settings.dtype,
        "--max-input-tokens": settings.max_input_tokens, "--max-total-tokens": settings.max_total_tokens,
    }  # fmt: skip
    return {flag: value for flag, value in given.items() if value is not None}
