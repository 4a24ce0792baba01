"""In which order tests start, and which belong to a part of `make test-slow`.

`python -m tests.parts build/test-slow-durations.json` writes slow_seconds.json anew, after a whole `make test-slow`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("slow_seconds.json")
SECONDS: Mapping[str, float] = json.loads(FILE.read_text(encoding="utf-8"))
UNKNOWN = 5.0


def part_of(tests: Mapping[str, int], parts: int) -> dict[str, int]:
    """Each file's part, 0 … parts-1, so that the parts take about as long: the longest first, to the lightest part.

    `tests`: how many of each file are to run. A file that `slow_seconds.json` does not know counts as 5 s a test: it is
    in a part all the same.
    """
    seconds = {file: SECONDS.get(file, UNKNOWN * count) for file, count in tests.items()}
    loads, chosen = [0.0] * parts, {}
    for file in sorted(seconds, key=lambda name: (-seconds[name], name)):
        chosen[file] = part = loads.index(min(loads))
        loads[part] += seconds[file]
    return chosen


def seconds_of(durations: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Processor seconds of each file, from those of its tests with their fixtures."""
    files: Counter[str] = Counter()
    for test, times in durations.items():
        files[test.partition("::")[0]] += times["cpu"]
    return {file: round(files[file], 1) for file in sorted(files)}


def parse_part(text: str) -> tuple[int, int]:
    """`1/4` as (1, 4). Raises pytest.UsageError for anything that is no part."""
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and int(part) < int(parts)):
        raise pytest.UsageError(f"--part {text}: write PART/PARTS, counted from 0, such as 0/4")
    return int(part), int(parts)


class Parts:
    """Keeps the tests of one part of all slow tests, file by file."""

    def __init__(self, part: int, parts: int) -> None:
        self.part, self.parts = part, parts

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        chosen = part_of(Counter(map(_file, items)), self.parts)
        mine = [item for item in items if chosen[_file(item)] == self.part]
        config.hook.pytest_deselected(items=[item for item in items if chosen[_file(item)] != self.part])
        items[:] = mine


def _file(item: pytest.Item) -> str:
    return item.location[0]


class Groups:
    """With xdist's `--dist loadfile`: a file that trains, serves or drives a browser stays in one process, and starts
    before the rest: it waits more than it computes, and other tests fill the pauses.

    Together also because fixtures of a module are costly there, and because Playwright's event loop lives as long as
    its fixture: another test of the same process could not start one meanwhile.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: not _waits(item))


def _waits(item: pytest.Item) -> bool:
    return any(map(item.get_closest_marker, ("e2e", "browser")))


if __name__ == "__main__":
    measured = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    FILE.write_text(json.dumps(seconds_of(measured), indent=1) + "\n", encoding="utf-8")
