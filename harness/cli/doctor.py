"""Say what this machine has and lacks for harness, and what to do about it."""

from __future__ import annotations

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""


def main(given: argparse.Namespace) -> int:
    """Print one line for each finding; 4 where something needed is missing."""
    from pathlib import Path

    from harness.pipeline.doctor import examine

    marks = {"ok": "✓", "lacking": "✗", "note": "·"}
    found = examine(Path())
    for check in found:
        print(f"{marks[check.state]} {check.name:<18} {check.text}")
        if check.advice:
            print(f"  {'':<18} → {check.advice}")
    return 4 if any(check.state == "lacking" for check in found) else 0
