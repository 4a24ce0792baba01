"""The OpenAI-compatible routes, as TGI answers them: chat completions, completions, models."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from . import replies
from .errors import ApiError, not_found
from .http import event_stream, unless_gone
from .jobs import Job, Result, Step
from .schemas import ChatBody, CompletionBody, OpenAIBody
from .service import Service

Json = dict[str, Any]


def router(service: Service, info: Json, check_key: Callable[[Request], None]) -> APIRouter:
    """Routes without a key are those that TGI leaves open."""
    routes = APIRouter()
    closed = [Depends(check_key)]

    @routes.get("/v1/models")
    async def models() -> Json:
        return {"object": "list", "data": [_row(info, name) for name in _names(info)]}

    @routes.get("/v1/models/{name:path}")
    async def model(name: str) -> Json:
        if name not in _names(info):
            raise not_found(f"The model '{name}' does not exist; there are {', '.join(_names(info))}.")
        return _row(info, name)

    @routes.post("/v1/chat/completions", dependencies=closed)
    async def chat(body: ChatBody, request: Request) -> Response:
        shape = _Shape(info, body, chat=True)
        if body.stream:
            return await _stream(request, _events(service, shape, body))
        with service.request():
            began = time.monotonic()
            job, _ = service.validator.chat(body)
            service.validated(began)
            result = await unless_gone(request, service.result(job))
        return JSONResponse(shape.reply([job], [result]))

    @routes.post("/v1/completions", dependencies=closed)
    async def completions(body: CompletionBody, request: Request) -> Response:
        shape = _Shape(info, body, chat=False)
        if body.stream:
            return await _stream(request, _events(service, shape, body))
        with service.request():
            began = time.monotonic()
            jobs = service.validator.completions(body)
            service.validated(began)
            results = await unless_gone(request, _all(service, jobs))
        return JSONResponse(shape.reply(jobs, results))

    return routes


def _names(info: Json) -> list[str]:
    return [info["model_id"], *(adapter["name"] for adapter in info["adapters"])]


def _row(info: Json, name: str) -> Json:
    return {"id": name, "object": "model", "created": 0, "owned_by": info["model_id"]}


async def _all(service: Service, jobs: Sequence[Job]) -> list[Result]:
    """Every result, or the first failure; the other jobs are then given up."""
    tasks = [asyncio.ensure_future(service.result(job)) for job in jobs]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


async def _stream(request: Request, events: AsyncGenerator[Json, None]) -> Response:
    def in_stream(error: ApiError) -> Json:
        body = error.openai_body()
        return {"error": {**body["error"], "http_status_code": error.status}}

    return await event_stream(events, in_stream, request, ending="[DONE]")


def _jobs(service: Service, body: ChatBody | CompletionBody) -> list[Job]:
    if isinstance(body, ChatBody):
        return [service.validator.chat(body)[0]]
    return service.validator.completions(body)


async def _events(service: Service, shape: _Shape, body: ChatBody | CompletionBody) -> AsyncGenerator[Json, None]:
    """Prompts of a completion are streamed one after the other."""
    with service.request():
        began = time.monotonic()
        jobs = _jobs(service, body)
        service.validated(began)
        results = []
        for index, job in enumerate(jobs):
            async for event in service.events(job):
                result = event if isinstance(event, Result) else None
                step = event.steps[-1] if isinstance(event, Result) else event
                yield shape.chunk([shape.part(index, step, result)])
                results += [result] if result else []
        if body.stream_options and body.stream_options.include_usage:
            yield shape.chunk([]) | {"usage": _usage(jobs, results)}


def _usage(jobs: Sequence[Job], results: Sequence[Result]) -> Json:
    return replies.usage(sum(len(job.prompt) for job in jobs), sum(len(result.steps) for result in results))


class _Shape:
    """The frame of one request's replies: ids, names and times are the same in every chunk."""

    def __init__(self, info: Json, body: OpenAIBody, chat: bool) -> None:
        self._chat = chat
        self._logprobs = isinstance(body, ChatBody) and bool(body.logprobs)
        self._frame = {
            "id": "",
            "created": int(time.time()),
            "model": body.model or info["model_id"],
            "system_fingerprint": f"{info['server']}-{info['version']}",
        }

    def reply(self, jobs: Sequence[Job], results: Sequence[Result]) -> Json:
        kind = "chat.completion" if self._chat else "text_completion"
        shape = self._message if self._chat else self._text
        choices = [shape(index, result) for index, result in enumerate(results)]
        return {"object": kind, **self._frame, "choices": choices, "usage": _usage(jobs, results)}

    def chunk(self, choices: list[Json]) -> Json:
        kind = "chat.completion.chunk" if self._chat else "text_completion"
        return {"object": kind, **self._frame, "choices": choices, "usage": None}

    def part(self, index: int, step: Step, result: Result | None) -> Json:
        """One streamed choice."""
        return (self._delta if self._chat else self._piece)(index, step, result)

    def _delta(self, index: int, step: Step, result: Result | None) -> Json:
        content = "" if step.token.special else step.token.text
        return {
            "index": index,
            "delta": {"role": "assistant", "content": content},
            "logprobs": replies.openai_logprobs((step,)) if self._logprobs else None,
            "finish_reason": replies.openai_reason(result.reason) if result else None,
        }

    def _piece(self, index: int, step: Step, result: Result | None) -> Json:
        return {
            "index": index,
            "text": "" if step.token.special else step.token.text,
            "logprobs": None,
            "finish_reason": replies.openai_reason(result.reason) if result else None,
        }

    def _message(self, index: int, result: Result) -> Json:
        return {
            "index": index,
            "message": {"role": "assistant", "content": result.text},
            "logprobs": replies.openai_logprobs(result.steps) if self._logprobs else None,
            "finish_reason": replies.openai_reason(result.reason),
        }

    def _text(self, index: int, result: Result) -> Json:
        reason = replies.openai_reason(result.reason)
        return {"index": index, "text": result.text, "logprobs": None, "finish_reason": reason}
