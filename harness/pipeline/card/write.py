"""A model card on the disk."""

from __future__ import annotations

from pathlib import Path

from harness.report.card.facts import CardFacts
from harness.report.card.page import card
from harness.store.files import refused, write_lines


def write_card(facts: CardFacts, folder: Path) -> Path:
    """README.md in `folder`. Raises OutsideError where the disk refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from None
    write_lines(folder / "README.md", [card(facts).encode()])
    return folder / "README.md"
