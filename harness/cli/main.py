"""The `harness` command. A command's module is imported only when that command runs, so that --help is quick."""

from __future__ import annotations

import argparse
import atexit
import contextlib
import gc
import os
import sys
from typing import NoReturn

COMMANDS = {
    "init": "write a starter project that runs as it stands",
    "doctor": "say what this machine has and lacks",
    "validate": "check release.yaml and every file it names, run nothing",
    "plan": "show what would run, what is fresh, and what each gate can come to",
    "power": "say how many samples a gate needs, and what so many can show",
    "calibrate": "say how often the gates themselves err, on what is stored",
    "data": "check, convert, split, label and report on training rows",
    "train": "train the candidate's adapter with Axolotl",
    "experiments": "train several, compare them on validation data, keep the best",
    "serve": "serve base and candidate by TGI's API until stopped",
    "route": "one address in front of production and canary, until stopped",
    "canary": "compare the canary with production on live traffic: advance, hold or roll back",
    "run": "run the suites against candidate and baselines",
    "gate": "do whatever is missing, judge, report; the exit code is the verdict",
    "compare": "compare two stored sides: metrics, samples, confusions, parts",
    "report": "render the report of a stored decision again",
    "view": "show decisions, reports, runs and comparisons as a read-only site",
    "verify": "check that a decision was not edited and follows from its runs",
    "promote": "bring the version that a verified PASS was given to to a stage",
    "policy": "show which policy each stage requires, or change it",
    "rollback": "bring the last good version back to production",
    "versions": "list the versions, where they stand and what they are worth",
    "show": "show all that is known of a version, and its lineage",
    "diff": "say in what two versions differ",
    "card": "write the model card of a version",
    "push": "push a version that passed to the Hub or to MLflow",
    "note": "add a note to a version",
    "archive": "archive a version, so that no rollback goes back to it",
    "manifests": "write the service's Kubernetes manifests, apply them, or roll them back",
    "merge": "merge base and adapter into one model, and check that it answers as the adapter does",
    "cache": "show or clear the answers kept for later runs",
    "store": "load, verify, export, rebuild or query the stored runs",
    "status": "list runs, decisions and versions",
}

EXIT_CODES = """exit codes: 0 pass · 1 a gate failed · 2 usage, configuration or data error · 3 inconclusive ·
4 an outside system failed, nothing was judged · 5 a bug in harness · 130 interrupted"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Gives the exit code; never raises what a user should read as a message."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] not in COMMANDS:
        return _top_level(words)
    # Imports and rows are objects that stay: looking among them for garbage takes a third of the time to start.
    gc.set_threshold(50_000, 20, 20)
    from harness.cli.command import run

    return run(words[0], words[1:])


def _top_level(words: list[str]) -> int:
    from harness import __version__

    listing = "\n".join(f"  {name:<10} {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="harness",
        description="Evaluation and release gate for fine-tuned language models.",
        epilog=f"commands:\n{listing}\n\n`harness COMMAND --help` tells more.\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="harness [--version] COMMAND …",
    )
    parser.add_argument("--version", action="version", version=f"harness {__version__}")
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="one of the commands below")
    try:
        given = parser.parse_args(words[:1])
    except SystemExit as end:
        return int(end.code or 0)
    if given.command is None:
        parser.print_help()
        return 2
    import difflib

    near = difflib.get_close_matches(given.command, COMMANDS, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    print(f"harness: there is no command '{given.command}'.{hint} `harness --help` lists them.", file=sys.stderr)
    return 2


def entry() -> NoReturn:
    """The process: run the command and leave, without taking apart what is in memory.

    For the million scores of a large release that would take a tenth of the whole time.
    """
    code = main()
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):  # a pipe whose reader has gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    entry()
