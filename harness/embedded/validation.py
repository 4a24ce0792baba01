"""From a request body to a Job, or to TGI's words for why not."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from .errors import invalid
from .grouping import Limits
from .jobs import BASE, Job, Sampling
from .schemas import ChatBody, CompletionBody, GenerateParameters, OpenAIBody
from .text import Text

_MAX_SEED = 2**63 - 1


class Validator:
    """Knows the limits and the adapters; `adapters` maps public names to the engine's keys."""

    def __init__(self, text: Text, limits: Limits, model_id: str, adapters: Mapping[str, str]) -> None:
        self._text, self._limits = text, limits
        self._base_names = {model_id, "tgi", "dummy"}
        self._adapters = adapters

    def generate(self, inputs: str, given: GenerateParameters, stream: bool, special: bool = True) -> Job:
        """Raises ApiError (422). `special`: whether the tokenizer adds its own special tokens."""
        _refuse_unsupported(given)
        _check_ranges(given, self._limits)
        if stream and given.decoder_input_details:
            raise invalid("`decoder_input_details` == true is not supported when streaming tokens")
        prompt, new_tokens = self._lengths(inputs, given, special)
        return Job(
            prompt=tuple(prompt),
            max_new_tokens=new_tokens,
            adapter=self._adapter(given.adapter_id),
            sampling=_sampling(given),
            stop=tuple(given.stop or ()),
            top_n_tokens=given.top_n_tokens or 0,
            prefill_details=bool(given.decoder_input_details),
            stream=stream,
        )

    def chat(self, body: ChatBody) -> tuple[Job, str]:
        """The job and the templated prompt. Raises ApiError (422)."""
        for name in ("tools", "tool_prompt"):
            if getattr(body, name):
                raise invalid(f"`{name}` is not supported by this server")
        if (body.response_format or {"type": "text"}).get("type") != "text":
            raise invalid("`response_format` is not supported by this server: grammar is not available")
        if body.top_logprobs and not body.logprobs:
            raise invalid("`top_logprobs` needs `logprobs` to be true")
        prompt = self._text.chat([message.plain() for message in body.messages])
        given = _from_openai(body)
        given.max_new_tokens = body.max_tokens if body.max_tokens is not None else body.max_completion_tokens
        given.top_n_tokens = body.top_logprobs
        if body.presence_penalty is not None:
            given.repetition_penalty = body.presence_penalty + 2.0  # so does TGI
        return self.generate(prompt, given, bool(body.stream), special=False), prompt

    def completions(self, body: CompletionBody) -> list[Job]:
        """One job for each prompt. Raises ApiError (422)."""
        prompts = [body.prompt] if isinstance(body.prompt, str) else body.prompt
        if body.suffix is not None:
            raise invalid("Suffix is not supported and can be achieved by preprocessing the prompt.")
        if not 1 <= len(prompts) <= self._limits.client_batch_size:
            most = self._limits.client_batch_size
            raise invalid(f"Number of prompts must be between 1 and the maximum allowed batch size of {most}")
        given = _from_openai(body)
        given.repetition_penalty = body.repetition_penalty
        return [self.generate(prompt, given, bool(body.stream)) for prompt in prompts]

    def _adapter(self, name: str | None) -> str:
        if name is None or name in self._base_names:
            return BASE
        if name not in self._adapters:
            known = ", ".join(self._adapters) or "none"
            raise invalid(f"adapter {name!r} is not loaded. Loaded adapters: {known}")
        return self._adapters[name]

    def _lengths(self, inputs: str, given: GenerateParameters, special: bool) -> tuple[list[int], int]:
        if not inputs:
            raise invalid("`inputs` cannot be empty")
        ids = self._text.encode(inputs, special)
        if given.truncate is not None:
            ids = ids[-given.truncate :]
        most = self._limits.total_tokens
        if not ids:
            raise invalid("`inputs` holds no token")
        new = most - len(ids) if given.max_new_tokens is None else given.max_new_tokens
        if len(ids) >= most:
            raise invalid(f"`inputs` must have less than {most} tokens. Given: {len(ids)}")
        if len(ids) + new > most:
            raise invalid(
                f"`inputs` tokens + `max_new_tokens` must be <= {most}. "
                f"Given: {len(ids)} `inputs` tokens and {new} `max_new_tokens`"
            )
        return ids, new


def _from_openai(body: OpenAIBody) -> GenerateParameters:
    """TGI's reading: no temperature samples at 1.0, temperature 0 is greedy."""
    if body.n not in (None, 1):
        raise invalid("`n` other than 1 is not supported by this server")
    if body.logit_bias:
        raise invalid("`logit_bias` is not supported by this server")
    greedy = body.temperature == 0
    return GenerateParameters(
        adapter_id=body.model,
        do_sample=not greedy,
        temperature=None if greedy else body.temperature,
        top_p=body.top_p,
        seed=body.seed,
        stop=[body.stop] if isinstance(body.stop, str) else body.stop,
        frequency_penalty=body.frequency_penalty,
        max_new_tokens=body.max_tokens,
    )


def _refuse_unsupported(given: GenerateParameters) -> None:
    if given.grammar is not None:
        raise invalid("`grammar` is not supported by this server")
    if given.watermark:
        raise invalid("`watermark` is not supported by this server")
    if given.best_of not in (None, 1):
        raise invalid("`best_of` other than 1 is not supported by this server")


def _check_ranges(given: GenerateParameters, limits: Limits) -> None:
    """TGI's ranges, in TGI's words and order."""
    stops, top_n = len(given.stop or ()), given.top_n_tokens or 0
    empty_stop = "" in (given.stop or ())
    penalty, truncate = given.frequency_penalty, given.truncate
    most = limits.total_tokens - 1
    rules = (
        (_not_above_zero(given.temperature), "`temperature` must be strictly positive"),
        (_not_above_zero(given.repetition_penalty), "`repetition_penalty` must be strictly positive"),
        (penalty is not None and not -2 <= penalty <= 2, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
        (_not_a_share(given.top_p), "`top_p` must be > 0.0 and < 1.0"),
        (_not_a_share(given.typical_p), "`typical_p` must be > 0.0 and < 1.0"),
        (_not_above_zero(given.top_k), "`top_k` must be strictly positive"),
        (given.max_new_tokens == 0, "`max_new_tokens` must be strictly positive"),
        (
            stops > limits.stop_sequences,
            f"`stop` supports up to {limits.stop_sequences} stop sequences. Given: {stops}",
        ),
        (empty_stop, "`stop` strings cannot be empty"),
        (
            top_n > limits.top_n_tokens,
            f"`top_n_tokens` must be >= 0 and <= {limits.top_n_tokens}. Given: {top_n}",
        ),
        (
            truncate is not None and not 0 < truncate <= most,
            f"`truncate` must be strictly positive and less than {most}. Given: {truncate}",
        ),
    )
    for broken, message in rules:
        if broken:
            raise invalid(message)


def _not_above_zero(value: float | None) -> bool:
    return value is not None and value <= 0


def _not_a_share(value: float | None) -> bool:
    return value is not None and not 0 < value < 1


def _sampling(given: GenerateParameters) -> Sampling:
    """Any warper makes TGI sample, do_sample or not; a temperature of 1 is no warper."""
    temperature = 1.0 if given.temperature is None else given.temperature
    warpers = (given.top_k, given.top_p, given.typical_p)
    warped = temperature != 1.0 or any(value is not None for value in warpers)
    seed = secrets.randbelow(_MAX_SEED) if given.seed is None else given.seed
    return Sampling(
        seed=seed if given.do_sample or warped else None,
        temperature=temperature,
        top_k=given.top_k or 0,
        top_p=1.0 if given.top_p is None else given.top_p,
        typical_p=1.0 if given.typical_p is None else given.typical_p,
        repetition_penalty=1.0 if given.repetition_penalty is None else given.repetition_penalty,
        frequency_penalty=given.frequency_penalty or 0.0,
    )
