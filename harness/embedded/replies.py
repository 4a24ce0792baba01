"""Results in the shapes of TGI's replies."""

from __future__ import annotations

from typing import Any

from .jobs import Job, Result, Step, Token
from .text import Text

Json = dict[str, Any]


def token(value: Token) -> Json:
    return {"id": value.id, "text": value.text, "logprob": value.logprob, "special": value.special}


def prefill(job: Job, result: Result, text: Text) -> list[Json]:
    """Prompt tokens; the first has no log-probability. Empty unless asked for."""
    if result.prefill is None:
        return []
    texts = text.each(job.prompt)
    logprobs, ranks = (None, *result.prefill.logprobs), (None, *result.prefill.ranks)
    rows = zip(job.prompt, texts, logprobs, ranks, strict=True)
    return [{"id": i, "text": t, "logprob": p, "rank": r} for i, t, p, r in rows]


def generate(job: Job, result: Result, text: Text, details: bool, before: str = "") -> Json:
    """TGI's GenerateResponse; `before` is the prompt where the full text was asked for."""
    reply: Json = {"generated_text": before + result.text}
    if details or job.prefill_details:
        reply["details"] = {
            "finish_reason": result.reason,
            "generated_tokens": len(result.steps),
            "seed": job.sampling.seed,
            "prefill": prefill(job, result, text),
            "tokens": [token(step.token) for step in result.steps],
        }
        if job.top_n_tokens:
            reply["details"]["top_tokens"] = [[token(top) for top in step.top] for step in result.steps]
    return reply


def stream_event(job: Job, index: int, step: Step, result: Result | None, before: str = "") -> Json:
    """One event of /generate_stream; the last carries the Result."""
    event: Json = {"index": index, "token": token(step.token)}
    if job.top_n_tokens:
        event["top_tokens"] = [token(top) for top in step.top]
    event["generated_text"] = None if result is None else before + result.text
    event["details"] = None
    if result is not None:
        event["details"] = {
            "finish_reason": result.reason,
            "generated_tokens": len(result.steps),
            "seed": job.sampling.seed,
            "input_length": len(job.prompt),
        }
    return event


def headers(job: Job, result: Result, characters: int, total: float, validation: float, device: str) -> dict[str, str]:
    """TGI's timing headers, in milliseconds except x-compute-time; `total` and `validation` in seconds."""
    milliseconds = {
        "x-total-time": total,
        "x-validation-time": validation,
        "x-queue-time": result.queue_time,
        "x-inference-time": result.inference_time,
        "x-time-per-token": result.inference_time / len(result.steps),
    }
    return {
        "x-compute-type": device,
        "x-compute-time": str(total),
        "x-compute-characters": str(characters),
        "x-prompt-tokens": str(len(job.prompt)),
        "x-generated-tokens": str(len(result.steps)),
        **{name: str(round(seconds * 1000)) for name, seconds in milliseconds.items()},
    }


def usage(prompt_tokens: int, completion_tokens: int) -> Json:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def openai_reason(reason: str) -> str:
    """As TGI words it: only the end of sequence becomes "stop"."""
    return "stop" if reason == "eos_token" else reason


def openai_logprobs(steps: tuple[Step, ...]) -> Json:
    """`choices[].logprobs` of a chat completion."""
    return {
        "content": [
            {
                "token": step.token.text,
                "logprob": step.token.logprob,
                "top_logprobs": [{"token": top.text, "logprob": top.logprob} for top in step.top],
            }
            for step in steps
        ]
    }
