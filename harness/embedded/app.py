"""Puts the parts together: folders and limits in, an ASGI application out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from . import routes_openai, routes_tgi, selfcheck
from .batcher import Batcher
from .engine import Engine
from .errors import ApiError
from .grouping import Limits
from .http import ClientGone, key_check, on_api_error, on_bad_body, on_client_gone, on_no_route
from .info import describe
from .loading import load
from .metrics import Metrics
from .service import Service
from .validation import Validator


@dataclass(frozen=True, slots=True)
class Settings:
    """`dtype` is a torch dtype's name, `device` is cpu or cuda."""

    base: Path
    adapters: Mapping[str, Path]
    limits: Limits
    dtype: str = "float32"
    device: str = "cpu"
    api_key: str | None = None


def build(settings: Settings) -> tuple[FastAPI, Batcher]:
    """Load, prove on a few tokens that batching changes nothing, start the scheduler. Raises StartError."""
    loaded = load(settings.base, settings.adapters, settings.dtype, settings.device)
    expected = selfcheck.references(loaded)
    engine = Engine(loaded.model, loaded.pad_id, adapted=loaded.peft is not None)
    selfcheck.verify(engine, expected, next(loaded.model.parameters()).dtype)
    limits = replace(settings.limits, total_tokens=min(settings.limits.total_tokens, loaded.max_positions))
    metrics = Metrics()
    batcher = Batcher(engine, loaded.text, loaded.eos_ids, limits, metrics)
    adapters = {info.name: info.key for info in loaded.adapters}
    validator = Validator(loaded.text, limits, loaded.name, adapters)
    service = Service(loaded.text, validator, batcher, metrics, limits)
    return _routes(service, describe(loaded, engine, limits), settings.api_key), batcher


def _routes(service: Service, info: routes_tgi.Info, api_key: str | None) -> FastAPI:
    app = FastAPI(title="harness-embedded", docs_url=None, redoc_url=None, openapi_url=None)
    check = key_check(api_key)
    app.include_router(routes_tgi.router(service, info, check))
    app.include_router(routes_openai.router(service, info, check))
    app.add_exception_handler(ApiError, on_api_error)
    app.add_exception_handler(RequestValidationError, on_bad_body)
    app.add_exception_handler(HTTPException, on_no_route)
    app.add_exception_handler(ClientGone, on_client_gone)
    return app
