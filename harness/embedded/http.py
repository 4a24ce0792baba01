"""What every route shares: waiting that ends when the client goes, event streams, errors, the key."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from .errors import ApiError, invalid

T = TypeVar("T")


class ClientGone(Exception):
    """The client closed the connection: there is nobody to answer."""


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Await `work`, but cancel it and raise ClientGone once the client has closed the connection."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGone
    finally:
        pending = [one for one in (task, gone) if not one.done()]
        for one in pending:
            one.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def event_stream(
    events: AsyncGenerator[dict[str, Any], None],
    on_error: Callable[[ApiError], dict[str, Any]],
    request: Request | None = None,
    ending: str = "",
) -> StreamingResponse:
    """Server-sent events. With `request`, an error before the first event keeps its HTTP status."""
    first = [await unless_gone(request, anext(events))] if request is not None else []

    async def lines() -> AsyncIterator[str]:
        try:
            for event in first:
                yield _line(event)
            async for event in events:
                yield _line(event)
        except ApiError as error:
            yield _line(on_error(error))
        finally:
            await events.aclose()
        if ending:
            yield f"data: {ending}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"cache-control": "no-cache"})


def _line(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event, ensure_ascii=False, allow_nan=False)}\n\n"


def key_check(key: str | None) -> Callable[[Request], None]:
    """A dependency that wants `Authorization: Bearer KEY`; lets all pass where no key is set."""

    def check(request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key is not None and not secrets.compare_digest(given.encode(), key.encode()):
            raise ApiError(401, "unauthorized", "")

    return check


async def on_api_error(request: Request, error: Exception) -> Response:
    """TGI's shape, and OpenAI's under /v1."""
    assert isinstance(error, ApiError)
    if request.url.path.startswith("/v1/"):
        return JSONResponse(error.openai_body(), status_code=error.status)
    if error.status == 401:
        return Response(status_code=401)
    return JSONResponse(error.body(), status_code=error.status)


async def on_bad_body(request: Request, error: Exception) -> Response:
    """Malformed JSON, wrong types and unknown fields, naming the first field at fault."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    return await on_api_error(request, invalid(f"{place}: {first['msg']}" if place else first["msg"]))


async def on_no_route(request: Request, error: Exception) -> Response:
    """What is not here, by its name."""
    assert isinstance(error, HTTPException)
    what = f"{request.method} {request.url.path}"
    message = f"This server has no {what}." if error.status_code in (404, 405) else str(error.detail)
    return await on_api_error(request, ApiError(error.status_code, "not_found", message))


async def on_client_gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=499)  # never sent: the connection is closed
