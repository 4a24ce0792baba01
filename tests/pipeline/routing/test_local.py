"""The router with servers that it starts itself: a version that is promoted later gets one beside."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness import base_models
from harness.core.versions import ROLLBACK, Version
from harness.pipeline.candidate import adapter_digest
from harness.pipeline.registry.artefacts import keep
from harness.servers._ports import free_port
from harness.store.registry import add_version
from tests.pipeline.release_project import Project, make_project
from tests.pipeline.routing.test_route import _Routed, moved, until
from tests.tiny import make_tiny_adapter, make_tiny_model


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_version_that_is_promoted_later_gets_a_server_beside(tmp_path_factory: pytest.TempPathFactory) -> None:
    found = _project(make_project(tmp_path_factory.mktemp("local"), "http://127.0.0.1:1", 6))
    moved(found, 1)
    with _Routed(found) as routed:
        (first,) = routed.table.urls
        assert first.endswith(f":{found.release['serve']['local']['port']}")
        assert routed.answer()
        moved(found, 2)
        until(lambda: routed.table.production.name == "v2", 120)
        second, spare = routed.table.urls
        assert (spare, [target.name for target in routed.table.fallback]) == (first, ["v1"])
        assert second != first
        moved(found, 1, why=ROLLBACK)
        until(lambda: routed.table.production.name == "v1", 5)
        assert routed.table.urls == (first,)
        until(lambda: not _listens(second), 30)
        _kill_server_at(first)
        until(lambda: routed.table.urls != (first,), 60)
        assert routed.answer()
        assert any("local server" in text for text in routed.said)


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as found:
        return found.connect_ex((str(parts.hostname), int(parts.port or 0))) == 0


def _kill_server_at(url: str) -> None:
    """The child of this process that was told this port."""
    wanted = [b"harness.embedded", b"--port", str(urlsplit(url).port).encode(), str(os.getpid()).encode()]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if all(word in words for word in wanted):
                os.kill(int(path.parent.name), signal.SIGKILL)


def _project(made: Project) -> Project:
    """Two versions of a tiny model in the registry, served by our own server."""
    base, state = made.root / "base", made.state
    make_tiny_model(base)
    made.release["serve"] = {"local": {"threads": 1, "port": free_port()}}
    made.release["route"] = {"port": 0, "timeout": "30s"}
    made.write()
    digest = base_models.resolve("base", state.models, None, made.root).digest
    for number in (1, 2):
        folder = make_tiny_adapter(base, made.root / f"adapter-{number}", number)
        adapter = adapter_digest(folder, "release.yaml")
        keep(state, folder, adapter)
        add_version(state.versions, Version(number, "r", adapter, digest, "d" * 64, "now"))
    made.release["candidate"]["adapter"] = "adapter-1"
    made.write()
    return made
