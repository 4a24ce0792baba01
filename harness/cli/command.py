"""Run one command and turn whatever happens into an exit code and a message."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import traceback
from types import FrameType

from harness.core.errors import ConfigError, ExitCode, HarnessError

# No telemetry, neither ours (there is none) nor that of the libraries and children that inherit these.
SILENT = {"DO_NOT_TRACK": "1", "AXOLOTL_DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "WANDB_MODE": "disabled"}


def run(name: str, words: list[str]) -> int:
    """Parse a command's words, run it, give its exit code."""
    os.environ.update({key: os.environ.get(key, value) for key, value in SILENT.items()})
    module = importlib.import_module(f"harness.cli.{name}")
    parser = argparse.ArgumentParser(prog=f"harness {name}", description=module.__doc__)
    module.arguments(parser)
    try:
        given = parser.parse_args(words)
    except SystemExit as end:
        return int(end.code or 0)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(module.main(given))
    except HarnessError as error:
        _tell(name, error)
        return int(error.exit_code)
    except KeyboardInterrupt:
        print(f"\nharness {name}: interrupted. What was finished is kept; the same command goes on from there.",
              file=sys.stderr)  # fmt: skip
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.INTERRUPTED)
    except Exception:
        traceback.print_exc()
        print(f"harness {name}: this is a bug in harness; nothing was judged.", file=sys.stderr)
        return int(ExitCode.BUG)


def release_argument(parser: argparse.ArgumentParser) -> None:
    """The option that every command on a project has."""
    parser.add_argument("-f", "--file", default="release.yaml", help="the release (default: ./release.yaml)")


def _interrupt(_: int, __: FrameType | None) -> None:
    # As Ctrl-C: asyncio then ends its tasks first. Where that is ignored (nohup), the plain exception.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _tell(name: str, error: HarnessError) -> None:
    if not isinstance(error, ConfigError):
        print(f"harness {name}: {error}", file=sys.stderr)
        return
    for problem in error.problems:
        print(problem, file=sys.stderr)
    count = len(error.problems)
    print(f"harness {name}: {count} problem{'s' * (count != 1)}; nothing was started.", file=sys.stderr)
