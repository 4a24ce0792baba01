"""A stand-in for the Hub's API of dedicated endpoints, over a real socket; what it starts answers at `url`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TIME = "2026-01-01T00:00:00.000Z"


@dataclass
class Hub:
    """`states` are what an endpoint that starts goes through, one a look; the last one stays."""

    answers_at: str
    token: str = "hf_right"
    states: tuple[str, ...] = ("initializing", "running")
    refuses: dict[str, int] = field(default_factory=dict)
    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    url: str = ""
    _left: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Create, look, pause, resume."""
        verb = request.path.rpartition("/")[2] if request.path.endswith(("/pause", "/resume")) else request.method
        body = await request.json() if request.method == "POST" and request.can_read_body else None
        self.asked.append((verb, body))
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"error": "Invalid token"}, status=401)
        if verb in self.refuses:
            return web.json_response({"error": "told to refuse"}, status=self.refuses[verb])
        if verb == "POST":
            return web.json_response(self.make(body))
        name = request.path.split("/endpoint/acme/")[-1].split("/")[0]
        if name not in self.endpoints:
            return web.json_response({"error": "no such endpoint"}, status=404)
        return web.json_response(self._moved(name, verb))

    def make(self, body: dict[str, Any]) -> dict[str, Any]:
        """An endpoint as the API tells it; secrets it keeps to itself."""
        model = {key: value for key, value in body["model"].items() if key != "secrets"}
        self._left = list(self.states)
        raw = {**body, "model": model, "healthRoute": "/health"}
        raw["status"] = {"state": self._left.pop(0), "createdAt": TIME, "updatedAt": TIME, "message": "out of GPUs"}
        self.endpoints[body["name"]] = raw
        return raw

    def _moved(self, name: str, verb: str) -> dict[str, Any]:
        raw = self.endpoints[name]
        status = raw["status"]
        if verb == "pause":
            status["state"] = "paused"
        elif verb == "resume":
            self._left = list(self.states)
            status["state"] = self._left.pop(0)
        elif status["state"] != "paused" and self._left:
            status["state"] = self._left.pop(0)
        status["url"] = self.answers_at if status["state"] == "running" else None
        return raw
