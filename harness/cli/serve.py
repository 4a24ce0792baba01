"""Serve base and candidate by TGI's API until stopped (Ctrl-C). Trains the adapter first where that is still to do."""

from __future__ import annotations

import argparse
import signal
import threading
from dataclasses import replace
from pathlib import Path

from harness.cli.command import release_argument

_LOOK = 0.5  # seconds between two looks at whether the server still runs


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument(
        "--port", type=int, help="port of the server that is started here (default: the release's, or any free one)"
    )


def main(given: argparse.Namespace) -> int:
    """Print the URL, and wait. Raises OutsideError where the server ends by itself."""
    from harness.cli.progress import ProgressPrinter
    from harness.core.errors import ConfigError, OutsideError
    from harness.pipeline.running.runs import check_server, serving
    from harness.pipeline.training.make import candidate
    from harness.pipeline.validate import validate

    release = validate(Path(given.file))
    if given.port is not None:
        if release.serve.kind != "local" and "port" not in release.serve.arguments:
            raise ConfigError("--port is for a server that harness starts here; this release is served elsewhere.")
        if not 0 <= given.port <= 65535:
            raise ConfigError(f"--port {given.port}: a port lies between 0 and 65535.")
        release = replace(
            release, serve=replace(release.serve, arguments={**release.serve.arguments, "port": given.port})
        )
    check_server(release)
    stop = threading.Event()
    with ProgressPrinter() as watch:
        found = candidate(release, watch)
        with serving(release, None, found, watch) as endpoint:
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            signal.signal(signal.SIGINT, lambda *_: stop.set())
            names = ", ".join(endpoint.adapters.values())
            print(f"{endpoint.url}  (adapters: {names or 'none'}; Ctrl-C stops)", flush=True)
            for own in endpoint.merged.values():
                print(f"{own.url}  (base and candidate merged)", flush=True)
            while not stop.wait(_LOOK):
                if endpoint.watch and (died := endpoint.watch()):
                    raise OutsideError(died)
    return 0
