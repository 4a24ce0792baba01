"""Serve base and candidate by TGI's API until stopped (Ctrl-C). Trains the adapter first where that is still to do."""

from __future__ import annotations

import argparse
import signal
import threading
from dataclasses import replace
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--port", type=int, help="port of the local server (default: the release's, or any free one)")


def main(given: argparse.Namespace) -> int:
    """Print the URL, and wait."""
    from harness.cli.progress import ProgressPrinter
    from harness.core.errors import ConfigError
    from harness.pipeline.candidate import candidate
    from harness.pipeline.running.runs import serving
    from harness.pipeline.validate import validate

    release = validate(Path(given.file))
    if given.port is not None:
        if release.serve.kind != "local":
            raise ConfigError("--port is for the local server; this release is served elsewhere.")
        if not 0 <= given.port <= 65535:
            raise ConfigError(f"--port {given.port}: a port lies between 0 and 65535.")
        release = replace(
            release, serve=replace(release.serve, arguments={**release.serve.arguments, "port": given.port})
        )
    stop = threading.Event()
    with ProgressPrinter() as watch:
        found = candidate(release, watch)
        with serving(release, None, found, watch) as endpoint:
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            signal.signal(signal.SIGINT, lambda *_: stop.set())
            names = ", ".join(endpoint.adapters.values())
            print(f"{endpoint.url}  (adapters: {names or 'none'}; Ctrl-C stops)", flush=True)
            stop.wait()
    return 0
