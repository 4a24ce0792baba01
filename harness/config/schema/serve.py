"""Where candidate and base answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.config.schema.servers import (
    InferenceEndpointFile,
    KubernetesFile,
    TgiDockerFile,
    TgiProcessFile,
    VllmFile,
)
from harness.config.schema.types import URL, VARIABLE, File, Seconds

Dtype = Literal["float32", "bfloat16", "float16", "quantized"]


class LocalFile(File):
    """The embedded server: TGI's API over transformers and PEFT on this machine."""

    threads: int | None = Field(None, ge=1, le=512, description="CPU threads; default: all cores.")
    max_batch_size: int = Field(32, ge=1, le=1024, description="Requests decoded together.")
    dtype: Literal["float32", "bfloat16", "float16"] = Field("float32", description="Weights' type when serving.")
    port: int = Field(0, ge=0, le=65535, description="0: any free port.")


class RemoteFile(File):
    """A running TGI server."""

    url: str = Field(pattern=URL, description="Base URL of the server, without a password (key_env).")
    key_env: str | None = Field(None, pattern=VARIABLE, description="Variable with the key.")
    adapter_id: str | None = Field(None, description="Name of the candidate's adapter on the server.")
    dtype: Dtype | None = Field(None, description="Weights' type; default: as /info says.")


class OpenaiFile(File):
    """A running server with OpenAI's API: vLLM, SGLang, …"""

    url: str = Field(pattern=URL, description="Base URL, up to and with /v1, without a password (key_env).")
    model: str = Field(description="Name of the base model on the server.")
    adapter: str | None = Field(None, description="Name of the candidate's adapter (vLLM: --lora-modules NAME=PATH).")
    key_env: str | None = Field(None, pattern=VARIABLE, description="Variable with the key.")
    dtype: Dtype | None = Field(None, description="Type of the server's weights; default: not known.")


class ServeFile(File):
    """Where candidate and base answer: exactly one server."""

    local: LocalFile | None = Field(None, description="The embedded server (the default).")
    remote: RemoteFile | None = Field(None, description="A TGI server that runs already.")
    openai: OpenaiFile | None = Field(None, description="A server with OpenAI's API (vLLM, SGLang).")
    tgi_docker: TgiDockerFile | None = Field(None, description="TGI in its image, on this machine.")
    tgi_process: TgiProcessFile | None = Field(None, description="TGI's launcher, installed on this machine.")
    vllm: VllmFile | None = Field(None, description="vLLM, installed on this machine.")
    kubernetes: KubernetesFile | None = Field(None, description="TGI on a cluster, by kubectl.")
    inference_endpoint: InferenceEndpointFile | None = Field(None, description="A dedicated endpoint of the Hub.")
    merged: bool = Field(False, description="Serve base and adapter merged into one model, as a server of its own.")
    concurrency: int = Field(32, ge=1, le=1024, description="Requests in flight at once, at most.")
    timeout: Seconds = Field(300.0, description="Longest time for one request (300s).")
    deadline: Seconds | None = Field(None, description="Longest time for all requests of one command (2h).")
    unproven: Literal["accept"] | None = Field(
        None, description="Let a PASS stand although the server can't prove that the adapter answers."
    )
