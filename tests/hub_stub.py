"""A Hub over a real socket: repositories are made, files come as commits or by LFS, and all of it can be refused."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hub:
    """What it was given, and what it says. `refuses` is a status and an error code for every request."""

    refuses: tuple[int, str] | None = None
    made: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    tokens: set[str | None] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def hub() -> Iterator[Hub]:
    """A Hub that runs as long as the block."""
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer()

        do_POST = do_PUT = do_HEAD = do_GET

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            state.asked.append(f"{self.command} {self.path}")
            if "Authorization" in self.headers:
                state.tokens.add(self.headers["Authorization"])
            if state.refuses:
                status, code = state.refuses
                self._say(status, {"error": "no"}, {"X-Error-Code": code, "X-Error-Message": "no"})
            else:
                self._say(200, _reply(state, self.command, self.path, body), {})

        def _say(self, status: int, value: object, headers: dict[str, str]) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _reply(state: Hub, method: str, path: str, body: bytes) -> object:
    if path.startswith("/lfs/"):
        state.objects[hashlib.sha256(body).hexdigest()] = body
        return {}
    if path == "/api/repos/create":
        state.made.append(json.loads(body))
        return {"url": f"{state.url}/org/name", "id": "org/name"}
    if path.endswith("/preupload/main"):
        names = [one["path"] for one in json.loads(body)["files"]]
        return {"files": [{"path": name, "uploadMode": "lfs" if name.endswith(".safetensors") else "regular",
                           "shouldIgnore": False} for name in names]}  # fmt: skip
    if path.endswith("/objects/batch"):
        found = json.loads(body)["objects"]
        return {"transfer": "basic", "objects": [
            {**one, "actions": {"upload": {"href": f"{state.url}/lfs/{one['oid']}"}}} for one in found
        ]}  # fmt: skip
    if path.endswith("/commit/main"):
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                state.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            if line["key"] == "lfsFile":
                state.files[line["value"]["path"]] = state.objects[line["value"]["oid"]]
        return {"commitUrl": f"{state.url}/org/name/commit/1", "commitOid": "1" * 40, "hookOutput": ""}
    return {}
