"""Ten thousand requests during twenty switches and a killed server: none is lost, none answered by a wrong version."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from harness.router.table import Routes, Target
from tests.projects import ENVIRONMENT
from tests.router.asking import Front, front

REQUESTS, SWITCHES, AT_ONCE = 10_000, 20, 64


@contextmanager
def _process(name: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    words = [sys.executable, "-m", "tests.router.backend", name]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, env=ENVIRONMENT, cwd=Path(__file__).parents[2])
    try:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip(), process
    finally:
        process.kill()
        process.communicate()


class _Clients:
    """`versions` is what stands by each generation; `now` the generation that `switch` returned for."""

    def __init__(self, found: Front) -> None:
        self.front, self.now, self.done = found, 0, 0
        self.wrong: list[str] = []
        self.lost: Exception | None = None
        self.ends: Counter[str] = Counter()
        self.versions: dict[int, set[str]] = {}

    def run(self) -> None:
        try:
            asyncio.run(self.all())
        except (aiohttp.ClientError, TimeoutError) as lost:
            self.lost = lost

    async def all(self) -> None:
        numbers = iter(range(REQUESTS))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            await asyncio.gather(*(self._client(session, numbers) for _ in range(AT_ONCE)))

    async def _client(self, session: aiohttp.ClientSession, numbers: Iterator[int]) -> None:
        for number in numbers:
            path = "/generate_stream" if number % 4 == 0 else "/generate"
            before = self.now
            async with session.post(self.front.router.url + path, json={"inputs": "hi", "parameters": {}}) as reply:
                text, version = (await reply.read()).decode(), reply.headers.get("x-harness-version", "")
            self.done += 1
            cut = "incomplete_generation" in text
            self.ends["cut" if cut else str(reply.status)] += 1
            # What stood when it was sent, or came to stand while it was under way.
            allowed = set().union(*(names for at, names in self.versions.items() if at >= before))
            if version not in allowed or (not cut and f"/{version}" not in text):
                self.wrong.append(f"{number}: {version} where {allowed} stood: {text[:80]}")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_no_request_is_lost_and_none_goes_to_a_wrong_version(tmp_path: Path) -> None:
    with (
        _process("a") as (first, killed), _process("b") as (second, _), _process("c") as (third, _),
        front(tmp_path, Routes(Target("v1", (first, second), "v1")), timeout=20.0) as found,
    ):  # fmt: skip
        clients = _Clients(found)
        clients.versions[0] = {"v1"}
        thread = threading.Thread(target=clients.run)
        thread.start()
        targets = itertools.cycle((Target("v2", (third,), "v2"), Target("v1", (first, second), "v1")))
        for generation in range(1, SWITCHES + 1):
            while clients.done < REQUESTS * generation // (SWITCHES + 2):
                assert thread.is_alive(), clients.lost
                time.sleep(0.005)
            target = next(targets)
            clients.versions[generation] = {target.name}
            found.router.switch(Routes(target, generation=generation))
            clients.now = generation
            if generation == SWITCHES // 2:
                killed.kill()
        thread.join()
        assert clients.lost is None
        assert clients.wrong == []
        assert clients.done == REQUESTS
        assert set(clients.ends) <= {"200", "cut"}, clients.ends
        assert clients.ends["200"] > REQUESTS - AT_ONCE
        assert len(found.seen()) == REQUESTS
