"""Request bodies. Unknown fields are refused: a misspelt parameter, ignored, gives a wrong measurement.

Clients write out fields that they leave open: an unknown one without a value says nothing, and is let pass.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_NOTHING: tuple[Any, ...] = (None, "", [], {})


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_open(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {key: value for key, value in given.items() if key in cls.model_fields or value not in _NOTHING}


class GenerateParameters(_Body):
    """TGI's `parameters`. Present but without `do_sample` they mean greedy; absent as a whole, sampling."""

    adapter_id: str | None = None
    best_of: int | None = None
    temperature: float | None = None
    repetition_penalty: float | None = None
    frequency_penalty: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    typical_p: float | None = None
    do_sample: bool | None = False
    max_new_tokens: int | None = Field(default=None, ge=0)
    return_full_text: bool | None = None
    stop: list[str] | None = None
    truncate: int | None = Field(default=None, ge=0)
    watermark: bool | None = False
    details: bool | None = False
    decoder_input_details: bool | None = False
    seed: int | None = Field(default=None, ge=0, lt=2**64)
    top_n_tokens: int | None = Field(default=None, ge=0)
    grammar: dict[str, Any] | None = None


class GenerateBody(_Body):
    inputs: str
    parameters: GenerateParameters = Field(default_factory=lambda: GenerateParameters(do_sample=True))
    stream: bool = False


class TokenizeBody(_Body):
    inputs: str
    add_special_tokens: bool = True
    parameters: GenerateParameters | None = None


class ContentPart(_Body):
    """Text only: `image_url` parts are refused."""

    type: Literal["text"]
    text: str


class Message(_Body):
    role: str
    content: str | list[ContentPart]
    name: str | None = None

    def plain(self) -> dict[str, str]:
        """As the chat template takes it."""
        parts = [self.content] if isinstance(self.content, str) else [part.text for part in self.content]
        return {"role": self.role, "content": "".join(parts)} | ({"name": self.name} if self.name else {})


class StreamOptions(_Body):
    include_usage: bool = False


class OpenAIBody(_Body):
    """What chat and completions share. `user`, `metadata` and `store` change no output and are let pass."""

    model: str | None = None
    max_tokens: int | None = Field(default=None, ge=0)
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = Field(default=None, ge=0, lt=2**64)
    stop: list[str] | str | None = None
    frequency_penalty: float | None = None
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    logit_bias: dict[str, float] | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None
    store: bool | None = None


class ChatBody(OpenAIBody):
    messages: list[Message] = Field(min_length=1)
    max_completion_tokens: int | None = Field(default=None, ge=0)
    logprobs: bool | None = False
    top_logprobs: int | None = Field(default=None, ge=0)
    presence_penalty: float | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    tool_prompt: str | None = None
    response_format: dict[str, Any] | None = None


class CompletionBody(OpenAIBody):
    prompt: str | list[str]
    suffix: str | None = None
    repetition_penalty: float | None = None
