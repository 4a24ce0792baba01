"""The project of the release path, and its router as a real process: two versions that answer in other words."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.project import RELEASE, make_project
from tests.waiting import until

ROOT = Path(__file__).parents[2]
SMALL = RELEASE.replace(", suites/facts.yaml", "").replace(
    "  - {metric: facts.accuracy, against: base, margin: 0.30, role: advisory}\n", ""
)
ROUTE = """\
route: {port: 0, sticky: X-User-Id}
canary: {share: 0.1, requests: 30}
"""
QUESTION = {
    "model": "tgi",
    "messages": [{"role": "user", "content": "ring 3: nice"}],
    "max_tokens": 6,
    "temperature": 0.0,
}


def make_first(folder: Path) -> None:
    """A training whose model answers good or bad."""
    make_project(folder).write_text(SMALL + ROUTE, encoding="utf-8")


def make_second(folder: Path) -> None:
    """Another training of the same release, by rows that teach yes and no."""
    rows = (folder / "train.jsonl").read_text(encoding="utf-8")
    (folder / "words.jsonl").write_text(rows.replace('"good"', '"yes"').replace('"bad"', '"no"'), encoding="utf-8")
    text = SMALL.replace("data: train.jsonl", "data: words.jsonl")
    (folder / "release.yaml").write_text(text + ROUTE, encoding="utf-8")


def harness(folder: Path, *words: str, seconds: int = 1500) -> subprocess.CompletedProcess[str]:
    """Run the real command in a project's folder, for so long at most."""
    return subprocess.run(
        _command(words), cwd=folder, env=_environment(), capture_output=True, text=True, timeout=seconds, check=False
    )


def start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """The real command as a process of its own, with its words in `started.txt`."""
    with (folder / "started.txt").open("wb") as out:
        return subprocess.Popen(_command(words), cwd=folder, env=_environment(), stdout=out, stderr=out)


def _command(words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "harness", *words]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status 0 where nothing did."""

    began: float
    status: int
    version: str
    text: str


@dataclass(frozen=True, slots=True)
class Router:
    """`harness route` in a process of its own; what it prints is in a file."""

    process: subprocess.Popen[bytes]
    said: Path

    def table(self) -> str:
        """The last table that it printed."""
        return ([line for line in self.said.read_text().splitlines() if line.startswith("http://")] or [""])[-1]

    def until(self, words: str) -> float:
        """When the table said this. AssertionError where it never does."""
        until(lambda: self._says(words), every=0.01)
        return time.monotonic()

    def _says(self, words: str) -> bool:
        assert self.process.poll() is None, self.said.read_text()
        return words in self.table()

    def ask(self, user: str) -> Answer:
        """One question, the same for all."""
        began, place = time.monotonic(), urlsplit(self.table().split()[0])
        connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=60)
        try:
            headers = {"Content-Type": "application/json", "X-User-Id": user}
            connection.request("POST", "/v1/chat/completions", json.dumps(QUESTION), headers)
            reply = connection.getresponse()
            body = json.loads(reply.read())
            text = body["choices"][0]["message"]["content"] if reply.status == 200 else str(body)
            return Answer(began, reply.status, reply.headers.get("x-harness-version", ""), text)
        except (OSError, http.client.HTTPException) as error:
            return Answer(began, 0, "", str(error))
        finally:
            connection.close()


@contextmanager
def routed(folder: Path) -> Iterator[Router]:
    """The router of a project, from its first table until it was told to stop."""
    said = folder / "route.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(_command(("route",)), cwd=folder, env=_environment(), stdout=out, stderr=out)
    router = Router(process, said)
    try:
        router.until("production")
        yield router
    finally:
        process.terminate()
        assert process.wait(60) == 0, said.read_text()


def seconds_in_all(said: str) -> float:
    """How long `harness rollback` says that it took."""
    found = re.search(r"([\d.]+) s in all", said)
    assert found, said
    return float(found[1])
