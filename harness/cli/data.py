"""Training data: check it, convert it, split it, look for leaked samples, choose what to label next, report on it."""

from __future__ import annotations

import argparse
import importlib
from types import ModuleType

VERBS = {
    "chat": "print rows of a task as chat rows",
    "check": "say what is wrong with training rows, and where",
    "convert": "write rows of any format as one that Axolotl reads",
    "split": "split rows into train, validation and test",
    "leaks": "list the samples of suites that stand in training rows",
    "next": "choose the unlabelled rows to label next",
    "merge": "take labelled rows into the training rows",
    "report": "report on the data of a release: counts, balance, lengths, leaks, drift",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs, each with its own options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, text in VERBS.items():
        module = _module(name)
        module.arguments(verbs.add_parser(name, help=text, description=module.__doc__))


def main(given: argparse.Namespace) -> int:
    """Do what the verb says; its exit code."""
    return int(_module(given.verb).main(given))


def _module(verb: str) -> ModuleType:
    return importlib.import_module(f"harness.cli.data_verbs.{verb}")
