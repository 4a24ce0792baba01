"""The floor: the bodies of a file, sent by aiohttp alone. `python -m benchmarks.bare_client URL FILE CONCURRENCY`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp


async def _work(session: aiohttp.ClientSession, url: str, bodies: Iterator[bytes]) -> None:
    for body in bodies:
        async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as reply:
            await reply.read()


async def _send_all(url: str, bodies: list[bytes], concurrency: int) -> None:
    waiting = iter(bodies)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session, asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(_work(session, url, waiting))


if __name__ == "__main__":
    address, file, count = sys.argv[1:]
    asyncio.run(_send_all(f"{address}/v1/chat/completions", Path(file).read_bytes().splitlines(), int(count)))
