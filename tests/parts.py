"""In which order tests start, and which belong to a part of `make test-slow`.

`python -m tests.parts build/test-slow-durations.json` writes slow_seconds.json anew, after a whole `make test-slow`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Container, Mapping
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("slow_seconds.json")
SECONDS: Mapping[str, float] = json.loads(FILE.read_text(encoding="utf-8"))
UNKNOWN = 5.0


def part_of(tests: Mapping[str, int], parts: int) -> dict[str, int]:
    """Each group's part, 0 … parts-1, so that the parts take about as long: the longest first, to the lightest part.

    A group is a file, or a test (`file::test`) of a file whose tests share nothing. `tests`: how many of each group are
    to run. A group that `slow_seconds.json` does not know counts as 5 s a test: it is in a part all the same.
    """
    seconds = {group: SECONDS.get(group, UNKNOWN * count) for group, count in tests.items()}
    loads, chosen = [0.0] * parts, {}
    for group in sorted(seconds, key=lambda name: (-seconds[name], name)):
        chosen[group] = part = loads.index(min(loads))
        loads[part] += seconds[group]
    return chosen


def seconds_of(durations: Mapping[str, Mapping[str, float]], apart: Container[str] = ()) -> dict[str, float]:
    """Processor seconds of each group, with its fixtures; the tests of the files `apart` are a group each."""
    groups: Counter[str] = Counter()
    for test, times in durations.items():
        file = test.partition("::")[0]
        groups[test if file in apart else file] += times["cpu"]
    return {group: round(groups[group], 1) for group in sorted(groups)}


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
        chosen = part_of(Counter(map(_group, items)), self.parts)
        mine = [item for item in items if chosen[_group(item)] == self.part]
        config.hook.pytest_deselected(items=[item for item in items if chosen[_group(item)] != self.part])
        items[:] = mine


def _group(item: pytest.Item) -> str:
    """What stays in one part: a file, or a test alone where the file says by `APART` that its tests share nothing."""
    apart = getattr(getattr(item, "module", None), "APART", False)
    return f"{item.location[0]}::{item.name}" if apart else item.location[0]


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
    files = {test.partition("::")[0] for test in measured}
    alone = {file for file in files if "\nAPART = True\n" in Path(file).read_text(encoding="utf-8")}
    FILE.write_text(json.dumps(seconds_of(measured, alone), indent=1) + "\n", encoding="utf-8")
