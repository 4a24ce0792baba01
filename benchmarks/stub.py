"""A server that speaks enough of TGI's API for a run, in a process of its own, and costs next to nothing.

`python -m benchmarks.stub --delay 0.05 --faults 0.2 --seed 0` prints its port. Beside TGI's routes it has
`GET /asked` (how many chat requests came) and `GET /bodies/A/B` (when each of the A-th to before the B-th came by
`time.monotonic()`, and its body).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import time
import zlib
from typing import Any

ADAPTER = "tuned"
FAULTS = (429, 503, "reset", "truncated")
_WORD = re.compile(r"\s?\S+|\s")
_HEAD = "HTTP/1.1 {} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"


class Stub:
    """What is asked and how it is answered; `faults` is the share of POST requests that fail, drawn by `seed`."""

    def __init__(self, delay: float, faults: float, seed: int) -> None:
        self.delay, self.faults, self.drawn = delay, faults, random.Random(seed)
        self.chats: list[tuple[float, bytes]] = []

    def fault(self) -> int | str | None:
        """What goes wrong with this request."""
        return self.drawn.choice(FAULTS) if self.drawn.random() < self.faults else None

    def get(self, path: str) -> Any:
        """The reply to a GET request."""
        if path == "/asked":
            return len(self.chats)
        if path.startswith("/bodies/"):
            first, last = map(int, path.split("/")[2:])
            return [[came, json.loads(body)] for came, body in self.chats[first:last]]
        return {"model_id": "stub", "version": "3.3.7"} if path == "/info" else {}

    def post(self, path: str, body: bytes) -> Any:
        """The reply to a POST request."""
        if path == "/v1/chat/completions":
            self.chats.append((time.monotonic(), body))
            return _chat(json.loads(body))
        return {"/generate": generate, "/tokenize": tokenize, "/chat_tokenize": chat_tokenize}[path](json.loads(body))


def _chat(body: Any) -> Any:
    """Messages end with their label, which is the answer."""
    text = body["messages"][-1]["content"]
    message = {"role": "assistant", "content": _answer(text, body["model"] == ADAPTER)}
    return {
        "id": "", "object": "chat.completion", "created": 0, "model": body["model"], "system_fingerprint": "stub",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": {"prompt_tokens": len(text) // 4, "completion_tokens": 1, "total_tokens": len(text) // 4 + 1},
    }  # fmt: skip


def _answer(text: str, tuned: bool) -> str:
    """The last word; where a wrong one stands before it ("\nor WRONG RIGHT"), that one now and then."""
    if "\nor " not in text:
        return text[text.rindex(" ") + 1 :]
    chance = zlib.crc32(text.encode()) % 10
    return text.rsplit(" ", 2)[1 if chance < (1 if tuned else 3) else 2]


def generate(body: Any) -> Any:
    """Prefill log-probabilities that the adapter moves, and one token."""
    shift = 0.5 if body["parameters"].get("adapter_id") == ADAPTER else 0.0
    prefill = [
        {"id": token["id"], "text": token["text"], "logprob": -0.1 * (token["id"] % 50) - shift if place else None}
        for place, token in enumerate(tokenize(body))
    ]
    tokens = [{"id": 1, "text": " nothing", "logprob": -0.1, "special": False}]
    details = {"finish_reason": "length", "generated_tokens": 1, "prefill": prefill, "tokens": tokens}
    return {"generated_text": " nothing", "details": details}


def tokenize(body: Any) -> Any:
    """A word with the space before it is a token."""
    found = _WORD.finditer(body["inputs"])
    return [{"id": zlib.crc32(w[0].encode()), "text": w[0], "start": w.start(), "stop": w.end()} for w in found]


def chat_tokenize(body: Any) -> Any:
    """The tokens of all turns, one below the other."""
    text = "\n".join(message["content"] for message in body["messages"])
    return {"tokenize_response": tokenize({"inputs": text}), "templated_text": text}


class _Connection(asyncio.Protocol):
    """One keep-alive connection: a request, its answer after the delay, the next request."""

    def __init__(self, stub: Stub) -> None:
        self.stub, self.loop, self.buffer = stub, asyncio.get_running_loop(), b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        wanted = int(length[1]) if length else 0
        if not end or len(rest) < wanted:
            return
        self.buffer = rest[wanted:]
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            self._send(200, json.dumps(self.stub.get(path.decode())).encode())
        else:
            self._answer(path.decode(), rest[:wanted])

    def _answer(self, path: str, body: bytes) -> None:
        reply, fault = json.dumps(self.stub.post(path, body)).encode(), self.stub.fault()
        status = fault if isinstance(fault, int) else 200
        reply = reply[: len(reply) // 2] if fault == "truncated" else reply
        if fault == "reset":
            self.loop.call_later(self.stub.delay, self.transport.abort)
        elif status != 200:
            self.loop.call_later(self.stub.delay, self._send, status, b'{"error":"told to fail","error_type":"stub"}')
        elif self.stub.delay:
            self.loop.call_later(self.stub.delay, self._send, status, reply)
        else:
            self._send(status, reply)

    def _send(self, status: int, reply: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(_HEAD.format(status, len(reply)).encode() + reply)


async def serve(stub: Stub) -> None:
    """Answer on a free port of loopback until the process is ended."""
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(stub), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (("delay", float), ("faults", float), ("seed", int)):
        parser.add_argument(f"--{name}", type=kind, default=0)
    asyncio.run(serve(Stub(**vars(parser.parse_args()))))
