"""One address in front of production and canary, until stopped (Ctrl-C).

It follows the registry: what `harness promote` and `harness rollback` move is reached from then on, and no request is
lost. Where a version errs, the release's `route.fallback` answers."""

from __future__ import annotations

import argparse
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.command import release_argument

if TYPE_CHECKING:
    from harness.router.table import Routes


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--port", type=int, help="port to listen at (default: the release's; 0: any free one)")
    parser.add_argument("--status", action="store_true", help="ask the router that runs for table, health and counts")


def main(given: argparse.Namespace) -> int:
    """Print the address and the table, and each table that follows."""
    from harness.cli.progress import ProgressPrinter
    from harness.core.errors import ConfigError
    from harness.pipeline.routing.route import route
    from harness.pipeline.validate import validate

    release = validate(Path(given.file))
    if given.status:
        return _status(given)
    if given.port is not None:
        if not 0 <= given.port <= 65535:
            raise ConfigError(f"--port {given.port}: a port lies between 0 and 65535.")
        release = replace(release, route=replace(release.route, port=given.port))
    stop = threading.Event()
    before = [signal.signal(name, lambda *_: stop.set()) for name in (signal.SIGTERM, signal.SIGINT)]
    try:
        with ProgressPrinter() as watch:
            route(release, watch, stop, _show)
    finally:
        for name, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(name, handler)
    return 0


def _show(url: str, routes: Routes) -> None:
    canary = f", {routes.canary.name} canary ({routes.share:.0%})" if routes.canary else ""
    spare = ", ".join(target.name for target in routes.fallback)
    print(f"{url}  {routes.production.name} production{canary}; stands in: {spare or 'nobody'}", flush=True)


def _status(given: argparse.Namespace) -> int:
    from harness.pipeline.routing.asked import status
    from harness.pipeline.validate import validate

    found = status(validate(Path(given.file)))
    canary = f", {found['canary']} canary ({found['share']:.0%})" if found["canary"] else ""
    spare = ", ".join(found["fallback"]) or "nobody"
    print(f"{found['url']}  {found['production']} production{canary}; stands in: {spare}")
    for url, state in found["health"].items():
        print(f"  {url}  {'gets requests' if state['usable'] else 'gets none'}, {state['failures']} failures in a row, "
              f"{state['in_flight']} requests under way")  # fmt: skip
    for version, statuses in found["requests"].items():
        counts = ", ".join(f"{count} with {status}" for status, count in statuses.items())
        print(f"  {version}: {counts}")
    print(f"  fallbacks {found['fallbacks']}, cut streams {found['cut']}, log lines lost {found['log_lines_lost']}")
    return 0
