"""Models to compare with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.config.schema.types import URL, VARIABLE, File

Parameter = Literal[
    "temperature", "top_p", "seed", "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty"
]


class RemoteModelFile(File):
    """A prompted model behind OpenAI's API."""

    url: str = Field(pattern=URL, description="Base URL, up to and with /v1, without a password (key_env).")
    model: str = Field(description="The model's name there.")
    key_env: str | None = Field(None, pattern=VARIABLE, description="Variable with the key.")
    concurrency: int = Field(8, ge=1, le=1024, description="Requests in flight at once, at most.")
    max_tokens_key: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="How the server calls the limit of new tokens."
    )
    omit: list[Parameter] | None = Field(
        None, min_length=1, description="Parameters that are not sent, since the server refuses them."
    )


class BaselineFile(File):
    """A model to compare with. Without a key of its kind: the base model itself."""

    few_shot: int = Field(0, ge=0, le=64, description="Examples put before each prompt (from the task's `examples`).")
    prompt: Literal["best"] | None = Field(
        None, description="The base model with the best of each task's `alternatives`, chosen on `validation` rows."
    )
    remote: RemoteModelFile | None = Field(None, description="A prompted model elsewhere.")
    production: Literal["required", "or_base"] | None = Field(
        None, description="The version in production; or_base: the base model until there is one."
    )
    adapter_id: str | None = Field(None, description="production: its adapter's name on a server that runs already.")
    anchor: str | None = Field(None, description="A pinned decision: its candidate's stored runs.")
    suites: list[str] | None = Field(
        None,
        min_length=1,
        description="The suites that it is asked (default: all). No gate compares with it elsewhere.",
    )
    human: dict[str, str] | None = Field(
        None, description='People\'s answers: suite.task to JSON Lines of {"id", "answer"}.'
    )
