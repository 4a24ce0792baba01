"""The stub as a process: `stub_server.py API PORT [ADAPTER]`. Says "stub ready" and then, for each chat, "answered".

STUB_DELAY is the seconds that a chat takes; with STUB_HANGS nothing but health and info is answered.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aiohttp import web

from tests import openai_stub, tgi_stub


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def answer(text: str, adapter: str | None) -> str:
    say("answered")
    return tgi_stub.right_for_the_adapter(text, adapter)


def main(api: str, port: str, adapter: str = tgi_stub.ADAPTER) -> None:
    tgi_stub.ADAPTER = openai_stub.ADAPTER = adapter
    openai_stub.MODEL = "base"
    stub = (openai_stub.OpenaiStub if api == "vllm" else tgi_stub.Stub)(answer=answer)
    stub.delay = float(os.environ.get("STUB_DELAY", "0"))
    if "STUB_HANGS" in os.environ:
        stub.always = "hang"
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    say("stub ready")
    web.run_app(app, host="127.0.0.1", port=int(port), print=None, shutdown_timeout=0.1)


if __name__ == "__main__":
    main(*sys.argv[1:4])
