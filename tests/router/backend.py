"""A server that tells who it is and what it was asked as, over a real socket; `python -m tests.router.backend NAME`.

A prompt `what@NAME …` makes the server of that name misbehave: an HTTP status, cut, hangup, hang, garbage, nojson,
twice, close, slow, failed (TGI's error event), endless.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

OK = "HTTP/1.1 {} -\r\ncontent-type: application/json\r\nx-prompt-tokens: 3\r\ncontent-length: {}\r\n\r\n{}"
STREAM = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@dataclass
class Backend:
    """Its name, the bodies it was asked with, and how many clients went before their answer."""

    name: str
    delay: float = 0.0
    slow: float = 0.3
    url: str = ""
    healthy: bool = True
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    gone: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if method == "GET":
            status = 200 if self.healthy else 503
            writer.write(OK.format(status, 15, '{"model": "st"}').encode())
            return True
        found = json.loads(body)
        self.asked.append((path, headers, found))
        return await self._answer(path, found, reader, writer)

    async def _answer(self, path: str, body: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        chat = path == "/v1/chat/completions"
        text = body["messages"][-1]["content"] if chat else body["inputs"]
        what, _, name = text.split(" ")[0].partition("@")
        what = what if name == self.name else ""
        asked_as = body["model"] if chat else body["parameters"].get("adapter_id")
        said = f"{self.name}/{asked_as}"
        if what == "hang":
            await self._until_gone(reader)
            return False
        await asyncio.sleep(self.slow if what == "slow" else self.delay)
        if what == "close":
            return False
        if what == "garbage":
            writer.write(b"\x00\xff no HTTP at all\r\n\r\n")
            return False
        if what == "nojson":
            writer.write(OK.format(200, 5, "<br/>").encode())
        elif what.isdigit():
            told = json.dumps({"error": "told to", "error_type": "told", "who": self.name})
            writer.write(OK.format(what, len(told), told).encode())
        elif path == "/generate_stream" or body.get("stream"):
            return await self._stream(writer, chat, said, what)
        else:
            reply = json.dumps(_chat(said) if chat else {"generated_text": said})
            writer.write(OK.format(200, len(reply), reply).encode() * (2 if what == "twice" else 1))
        return True

    async def _until_gone(self, reader: asyncio.StreamReader) -> None:
        await reader.read(1)
        self.gone += 1

    async def _stream(self, writer: asyncio.StreamWriter, chat: bool, said: str, what: str) -> bool:
        writer.write(STREAM.encode())
        if what == "failed":
            _event(writer, {"error": "out of memory", "error_type": "generation"})
            writer.write(b"0\r\n\r\n")
            return True
        while what == "endless":
            _event(writer, {"token": {"text": "x" * 65_536, "special": False}, "generated_text": None})
            await writer.drain()
        for word in ("a", "b", "c"):
            _event(
                writer, _delta(word) if chat else {"token": {"text": word, "special": False}, "generated_text": None}
            )
            await writer.drain()
            await asyncio.sleep(0.02)
            if what == "cut":
                writer.write(b'8\r\ndata: {"')
                await writer.drain()
                return False
            if what == "hangup":
                writer.write(b"0\r\n\r\n")
                return True
        _event(writer, {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 3}} if chat else _last(said))
        if chat:
            _event(writer, "[DONE]")
        writer.write(b"0\r\n\r\n")
        return True


def _chat(said: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
    return {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


def _delta(word: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}


def _last(said: str) -> dict[str, Any]:
    details = {"finish_reason": "length", "generated_tokens": 4, "input_length": 3}
    return {"token": {"text": "", "special": True}, "generated_text": said, "details": details}


def _event(writer: asyncio.StreamWriter, value: object) -> None:
    data = f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))


async def listen(backend: Backend) -> asyncio.Server:
    server = await asyncio.start_server(backend.serve, "127.0.0.1", 0, backlog=1024)
    backend.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    return server


@contextmanager
def backend(name: str, **given: Any) -> Iterator[Backend]:
    """The server in a thread of its own."""
    found, loop = Backend(name, **given), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(listen(found), loop).result(10)
    try:
        yield found
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.sleep(0)


async def _main(name: str) -> None:
    found = Backend(name, delay=0.005)
    server = await listen(found)
    sys.stdout.write(f"{found.url}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
