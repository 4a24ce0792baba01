"""Measure figures, print a line for each, keep them in results.json. The exit code is 1 where a limit is not met."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import NotHere
from benchmarks.figures import FIGURES, RESULTS, Figure, keep, measured


def main(words: list[str] | None = None) -> int:
    """`python -m benchmarks [NAME…]`."""
    names = [figure.name for figure in FIGURES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(names)} (default: all)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    given = parser.parse_args(words)
    if unknown := sorted(set(given.names) - set(names)):
        parser.error(f"unknown figure {', '.join(unknown)}; known: {', '.join(names)}")
    missed = 0
    for figure, value in measured(given.names or names):
        if isinstance(value, NotHere):
            sys.stdout.write(f"{figure.name:<28} skipped: {value}\n")
            continue
        keep(figure, value, given.results)
        sys.stdout.write(_line(figure, value) + "\n")
        sys.stdout.flush()
        missed += not figure.holds(value)
    return 1 if missed else 0


def _line(figure: Figure, value: float) -> str:
    bound = "at least" if figure.at_least else "at most"
    mark = "" if figure.holds(value) else "  LIMIT NOT MET"
    return f"{figure.name:<28} {value:9.3f}  {bound} {figure.limit:g} {figure.unit}{mark}"


if __name__ == "__main__":
    sys.exit(main())
