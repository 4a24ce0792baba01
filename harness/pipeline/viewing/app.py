"""The site over HTTP: reads only, for browsers on this machine only."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from harness.core.errors import ConfigError, HarnessError
from harness.core.releases import Release
from harness.pipeline.viewing import pages
from harness.pipeline.workspace import Workspace
from harness.store.database import StoreLocked, opened

PATIENCE = 3.0  # seconds for a store that a gate has open; a browser should be told then
_READING = ("GET", "HEAD")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_CLOSED = "default-src 'none'"
# A page's own policy stands in its head before any text of a stranger; it names the one script that may run.
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"<>\r\n]+)">')


def make_app(release: Release) -> web.Application:
    """The site of one release; it closes its thread with itself."""
    # One page at a time: each takes a core, and the site has one reader.
    worker = ThreadPoolExecutor(1, "page")
    app = web.Application(middlewares=[_guarded(release), _in_words(release)])
    app.on_response_prepare.append(_closed)

    async def ended(_: web.Application) -> None:
        worker.shutdown(wait=False, cancel_futures=True)

    app.on_cleanup.append(ended)

    def route(path: str, make: Callable[[web.Request], Callable[[Release], str]]) -> None:
        async def handler(request: web.Request) -> web.Response:
            made = partial(_made, release, make(request))
            return _page(await asyncio.get_running_loop().run_in_executor(worker, made))

        app.router.add_get(path, handler)

    route("/", lambda _: pages.decisions)
    route("/decisions/{id:[0-9a-f]{6,64}}", lambda r: partial(pages.decision, digits=r.match_info["id"]))
    route(
        "/decisions/{id:[0-9a-f]{6,64}}/{edition:internal|client}",
        lambda r: partial(pages.edition, digits=r.match_info["id"], name=r.match_info["edition"]),
    )
    route("/runs", lambda _: pages.runs)
    route("/runs/{id:[0-9a-f]{6,64}}", lambda r: partial(pages.run, digits=r.match_info["id"]))
    route("/versions", lambda _: pages.versions)
    route("/compare", lambda r: partial(pages.comparison, first=r.query.get("a", ""), second=r.query.get("b", "")))
    return app


def _made(release: Release, make: Callable[[Release], str]) -> str:
    """The page, unless the store is not to be had soon. Raises StoreLocked."""
    store = Workspace(release.root).store
    if store.is_file():
        with opened(store, read_only=True, wait=PATIENCE):
            pass
    return make(release)


def _page(html: str, status: int = 200) -> web.Response:
    return web.Response(text=html, status=status, content_type="text/html", charset="utf-8")


def _guarded(release: Release) -> Middleware:
    """Refuses what does not come from this machine's user: other names for this address, other sites, other methods."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_here(request.headers.getall("Host", [])):
            reason = (
                "The site is asked by another name than this machine's own. Ask it as http://localhost and its port."
            )
            return _page(pages.trouble(release, 403, [reason]), 403)
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin") and (
            request.headers.get("Sec-Fetch-Mode") != "navigate"
        ):
            return _page(pages.trouble(release, 403, ["Another site asked for this page."]), 403)
        if request.method not in _READING:
            page = _page(pages.trouble(release, 405, ["The site answers GET and HEAD alone."]), 405)
            page.headers["Allow"] = ", ".join(_READING)
            return page
        return await handler(request)

    return middleware


def _in_words(release: Release) -> Middleware:
    """Turns what cannot be shown into a page that says why."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return _page(pages.trouble(release, 404, [f"Nothing stands at {request.path}."]), 404)
        except HarnessError as error:
            code = _status(error)
            problems = error.problems if isinstance(error, ConfigError) else [error]
            return _page(pages.trouble(release, code, [str(problem) for problem in problems]), code)

    return middleware


def _status(error: HarnessError) -> int:
    if isinstance(error, pages.NotFound):
        return 404
    if isinstance(error, StoreLocked):
        return 503
    return 400 if isinstance(error, ConfigError) else 500


def is_here(hosts: list[str]) -> bool:
    """Whether the one Host header names loopback itself: a stranger's name that leads here could read all of it."""
    try:
        [host] = hosts
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


async def _closed(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    text = response.text if isinstance(response, web.Response) and response.content_type == "text/html" else None
    found = _POLICY.search((text or "")[:2_000])
    response.headers["Content-Security-Policy"] = f"{found[1] if found else _CLOSED}; frame-ancestors 'none'"
