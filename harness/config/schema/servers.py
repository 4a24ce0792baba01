"""Servers that harness starts elsewhere than in its own process tree's default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.config.schema.types import VARIABLE, File, Seconds, Words

Quantization = Literal["awq", "compressed-tensors", "eetq", "exl2", "fp8", "gptq", "marlin"]
Gpus = Literal["all", "none"] | Annotated[list[int], Field(min_length=1)]


class _TgiFile(File):
    """Settings of TGI's launcher."""

    shards: int | None = Field(None, ge=1, le=64, description="GPUs that the model is spread over.")
    quantize: Quantization | None = Field(None, description="Quantisation of the base model.")
    dtype: Literal["bfloat16", "float16"] | None = Field(None, description="Weights' type; default: TGI's own.")
    max_input_tokens: int | None = Field(None, ge=1)
    max_total_tokens: int | None = Field(None, ge=2)
    port: int = Field(0, ge=0, le=65535, description="0: any free port.")
    start: Seconds = Field(900.0, description="Longest time until it is healthy (15min).")
    options: Words = Field((), description="More arguments of text-generation-launcher.")


class TgiDockerFile(_TgiFile):
    """TGI in its image, on this machine."""

    image: str = Field(
        "ghcr.io/huggingface/text-generation-inference:3.3.5", description="The image, best with its digest."
    )
    gpus: Gpus = Field("all", description="all, none, or their numbers: [0, 1].")
    shm_size: str = Field("1g", pattern=r"^[0-9]+[bkmg]?$", description="Shared memory of the container.")


class TgiProcessFile(_TgiFile):
    """text-generation-launcher on the PATH."""

    command: str = Field("text-generation-launcher", description="The launcher's name or path.")
    gpus: Gpus = Field("all", description="all, none, or their numbers: [0, 1].")


class VllmFile(File):
    """`vllm serve` with LoRA modules."""

    command: str = Field("vllm", description="Its name or path.")
    gpus: Gpus = Field("all", description="all, none, or their numbers: [0, 1].")
    shards: int = Field(1, ge=1, le=64, description="--tensor-parallel-size.")
    quantize: str | None = Field(None, pattern=r"^[a-z0-9_-]+$", description="--quantization.")
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field("auto", description="Weights' type.")
    max_model_len: int | None = Field(None, ge=16, description="Longest context, in tokens.")
    max_lora_rank: int = Field(64, ge=8, le=512, description="Highest rank among the adapters.")
    port: int = Field(0, ge=0, le=65535, description="0: any free port.")
    start: Seconds = Field(900.0, description="Longest time until it is healthy (15min).")
    options: Words = Field((), description="More arguments of vllm serve.")


class KubernetesFile(File):
    """TGI as a Deployment with a Service and a HorizontalPodAutoscaler."""

    context: str | None = Field(None, description="kubectl's context; default: the current one.")
    namespace: str = Field("default", pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
    name: str | None = Field(
        None, pattern=r"^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$", description="Default: the release's name."
    )
    image: str = Field("ghcr.io/huggingface/text-generation-inference:3.3.5", description="Best with its digest.")
    volume: str = Field(description="The persistent volume claim that holds models and adapters.")
    base: str = Field(description="Path of the base model in the volume; with a revision, org/name of the Hub.")
    revision: str | None = Field(None, pattern=r"^[0-9a-f]{40}$", description="Of a Hub model.")
    adapters: str = Field("adapters", description="Folder in the volume that holds adapters by their digests.")
    gpus: int = Field(1, ge=0, le=16, description="GPUs of a pod.")
    shards: int | None = Field(None, ge=1, le=64)
    quantize: Quantization | None = None
    replicas: int = Field(1, ge=1, le=1000, description="Fewest pods.")
    max_replicas: int = Field(4, ge=1, le=1000, description="Most pods.")
    queue: int = Field(10, ge=1, le=10_000, description="Requests waiting in a pod (tgi_queue_size) that call another.")
    secret: str | None = Field(None, description="Name of the Secret with HF_TOKEN.")
    start: Seconds = Field(1800.0, description="Longest time for a rollout (30min).")
    kubectl: str = Field("kubectl", description="Its name or path.")
    url: str | None = Field(
        None, pattern=r"^https?://[^@/]*\{name\}[^@]*$",
        description="Where a service answers, {name} being the service's; default: a port forwarded by kubectl.",
    )  # fmt: skip


class InferenceEndpointFile(File):
    """A dedicated endpoint of the Hub with TGI's image."""

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$", description="The endpoint's name.")
    namespace: str | None = Field(None, description="The user or organisation that pays.")
    repository: str = Field(description="org/name of the base model.")
    revision: str = Field(pattern=r"^[0-9a-f]{40}$", description="Its commit.")
    adapter: str | None = Field(
        None, pattern=r"^[^@/,=]+/[^@/,=]+@[0-9a-f]{40}$",
        description="The candidate's adapter: org/name@<40-digit revision>.",
    )  # fmt: skip
    vendor: str = Field("aws")
    region: str = Field("us-east-1")
    instance_type: str = Field("nvidia-l4")
    instance_size: str = Field("x1")
    image: str = Field("ghcr.io/huggingface/text-generation-inference:3.3.5", description="Best with its digest.")
    token_env: str = Field("HF_TOKEN", pattern=VARIABLE, description="Variable with the Hub's token.")
    start: Seconds = Field(1800.0, description="Longest time until it runs (30min).")
    keep: bool = Field(False, description="Leave it running afterwards; default: it is paused.")
