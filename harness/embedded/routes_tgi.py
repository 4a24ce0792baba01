"""TGI's own routes: generate, generate_stream, tokenize, info, health, metrics."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from . import replies
from .http import event_stream, unless_gone
from .jobs import Result
from .schemas import ChatBody, GenerateBody, TokenizeBody
from .service import Service

Info = dict[str, Any]


def router(service: Service, info: Info, check_key: Callable[[Request], None]) -> APIRouter:
    """Routes without a key are those that TGI leaves open."""
    routes = APIRouter()
    closed = [Depends(check_key)]
    routes.add_api_route("/info", lambda: info, methods=["GET"])
    for path in ("/", "/health", "/ping"):
        routes.add_api_route(path, lambda: _health(service), methods=["GET"])

    @routes.get("/metrics")
    async def metrics() -> Response:
        return PlainTextResponse(service.metrics.render(), media_type="text/plain; version=0.0.4")

    @routes.post("/generate", dependencies=closed)
    async def generate(body: GenerateBody, request: Request) -> Response:
        return await _generate(service, info, body, request)

    @routes.post("/generate_stream", dependencies=closed)
    async def generate_stream(body: GenerateBody) -> Response:
        return await _stream(service, body)

    @routes.post("/", dependencies=closed)
    async def compatible(body: GenerateBody, request: Request) -> Response:
        if body.parameters.return_full_text is None:
            body.parameters.return_full_text = True
        if body.stream:
            return await _stream(service, body)
        return await _generate(service, info, body, request, many=True)

    @routes.post("/tokenize", dependencies=closed)
    async def tokenize(body: TokenizeBody) -> Response:
        return JSONResponse(_pieces(service, body.inputs, body.add_special_tokens))

    @routes.post("/chat_tokenize")
    async def chat_tokenize(body: Annotated[ChatBody, Body()]) -> Response:
        _, prompt = service.validator.chat(body)
        return JSONResponse({"tokenize_response": _pieces(service, prompt, False), "templated_text": prompt})

    return routes


def _health(service: Service) -> Response:
    if service.batcher.alive:
        return Response()
    return JSONResponse({"error": "unhealthy", "error_type": "healthcheck"}, status_code=503)


def _pieces(service: Service, text: str, special: bool) -> list[dict[str, Any]]:
    pieces = service.text.pieces(text, special)
    return [{"id": one.id, "text": one.text, "start": one.start, "stop": one.stop} for one in pieces]


async def _generate(service: Service, info: Info, body: GenerateBody, request: Request, many: bool = False) -> Response:
    began = time.monotonic()
    with service.request():
        job = service.validator.generate(body.inputs, body.parameters, stream=False)
        validation = service.validated(began)
        result = await unless_gone(request, service.result(job))
    before = body.inputs if body.parameters.return_full_text else ""
    reply = replies.generate(job, result, service.text, bool(body.parameters.details), before)
    timing = replies.headers(job, result, len(body.inputs), time.monotonic() - began, validation, info["device_type"])
    return JSONResponse([reply] if many else reply, headers=timing)


async def _stream(service: Service, body: GenerateBody) -> Response:
    """As in TGI, errors of every kind arrive as events under status 200."""
    return await event_stream(_events(service, body), lambda error: error.body())


async def _events(service: Service, body: GenerateBody) -> AsyncGenerator[dict[str, Any], None]:
    began = time.monotonic()
    with service.request():
        job = service.validator.generate(body.inputs, body.parameters, stream=True)
        service.validated(began)
        before = body.inputs if body.parameters.return_full_text else ""
        index = 0
        async for event in service.events(job):
            index += 1
            result = event if isinstance(event, Result) else None
            step = event.steps[-1] if isinstance(event, Result) else event
            yield replies.stream_event(job, index, step, result, before)
