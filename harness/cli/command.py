"""Run one command and turn whatever happens into an exit code and a message."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import threading
import traceback
from types import FrameType
from typing import TYPE_CHECKING

from harness.core.errors import ConfigError, ExitCode, HarnessError

if TYPE_CHECKING:
    from harness.core.decisions import Decision

# No telemetry, neither ours (there is none) nor that of the libraries and children that inherit these.
SILENT = {"DO_NOT_TRACK": "1", "AXOLOTL_DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "WANDB_MODE": "disabled"}

# Set by SIGTERM: what fails from then on failed because of it.
_TERMINATED = threading.Event()

CI_FILES = {"junit": "JUnit XML", "markdown": "Markdown", "sarif": "SARIF 2.1.0"}


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
    _TERMINATED.clear()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(module.main(given))
    except HarnessError as error:
        if _TERMINATED.is_set():
            return _interrupted(name)
        _tell(name, error)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return _interrupted(name)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.INTERRUPTED)
    except Exception:
        if _TERMINATED.is_set():
            return _interrupted(name)
        traceback.print_exc()
        print(f"harness {name}: this is a bug in harness; nothing was judged.", file=sys.stderr)
        return int(ExitCode.BUG)


def _interrupted(name: str) -> int:
    text = "interrupted. What was finished is kept; the same command goes on from there."
    print(f"\nharness {name}: {text}", file=sys.stderr)
    return int(ExitCode.INTERRUPTED)


def release_argument(parser: argparse.ArgumentParser) -> None:
    """The option that every command on a project has."""
    parser.add_argument("-f", "--file", default="release.yaml", help="the release (default: ./release.yaml)")


def share(text: str) -> float:
    """The type of an option that takes a share: a number between 0 and 1, neither of the two."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def asking_arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked though it is there: `given.again` (None, or names of suites, "" for all) and `given.no_cache`."""
    parser.add_argument(
        "--again", metavar="SUITE", action="append", nargs="?", const="",
        help="ask this suite anew (without a name: all), though it was run; the older runs stay, the newest counts",
    )  # fmt: skip
    parser.add_argument(
        "--no-cache", action="store_true",
        help="take no answer from other runs, and keep none for them; what was run already is not asked (--again)",
    )  # fmt: skip


def ci_arguments(parser: argparse.ArgumentParser) -> None:
    """What a command tells of a decision to CI: `given.format`, and a file for each of `CI_FILES`."""
    text = "what standard output shows; json: the decision's record and nothing else (default: text)"
    parser.add_argument("--format", choices=("text", "json"), default="text", help=text)
    for name, shown in CI_FILES.items():
        parser.add_argument(f"--{name}", metavar="FILE", help=f"write the decision as {shown}")


def ci_files(given: argparse.Namespace) -> dict[str, str | None]:
    """The files that were asked for, by format."""
    return {name: getattr(given, name) for name in CI_FILES}


def print_record(decision: Decision) -> None:
    """A decision's record on standard output, as in decision.json; in ASCII, which every terminal can take."""
    import json

    from harness.report.record import to_json

    print(json.dumps(to_json(decision), indent=1, sort_keys=True))


def _interrupt(_: int, __: FrameType | None) -> None:
    _TERMINATED.set()
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
