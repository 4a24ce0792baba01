"""Show the store's decisions, reports, runs, versions and comparisons as a read-only site on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: 127.0.0.1)")


def main(given: argparse.Namespace) -> int:
    """Print the URL, and wait."""
    from harness.pipeline.validate import validate
    from harness.pipeline.viewing.serve import serve_site

    serve_site(
        validate(Path(given.file)), given.host, given.port, lambda url: print(f"{url}  (Ctrl-C stops)", flush=True)
    )
    return 0
