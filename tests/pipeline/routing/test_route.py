"""`harness route` with the registry's files and a server that runs: it follows every move, and reaches no impostor."""

from __future__ import annotations

import json
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import base_models
from harness.core.errors import ConfigError, OutsideError
from harness.core.versions import PROMOTE, ROLLBACK, Version
from harness.pipeline.candidate import adapter_digest
from harness.pipeline.registry.artefacts import keep
from harness.pipeline.registry.moving import move
from harness.pipeline.registry.read import registry
from harness.pipeline.routing.asked import status
from harness.pipeline.routing.route import LOOK_SECONDS, route
from harness.pipeline.validate import validate
from harness.router.table import Routes
from harness.store.registry import add_version
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running
from tests.waiting import until
from tests.weights import adapter_file

SHIFTS = {f"version-{number}": 0.3 * number for number in range(1, 4)}


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running(Stub(answer=lambda _, adapter: str(adapter), shifts=dict(SHIFTS))) as found:
        yield found


@pytest.fixture
def project(tmp_path: Path, stub: Stub) -> Project:
    """Three versions in the registry, none of them moved yet."""
    found = make_project(tmp_path, stub.url, 6)
    found.release["route"] = {"port": 0, "timeout": "5s"}
    found.write()
    base = base_models.resolve("base", found.state.models, None, tmp_path)
    for number in (1, 2, 3):
        found.weights.write_bytes(adapter_file(str(number)))
        digest = adapter_digest(found.weights.parent, "release.yaml")
        keep(found.state, found.weights.parent, digest)
        add_version(found.state.versions, Version(number, "r", digest, base.digest, "d" * 64, "now"))
    return found


class _Routed:
    """The router in a thread, with what it showed and said."""

    def __init__(self, project: Project) -> None:
        self.project, self.stop = project, threading.Event()
        self.shown: list[tuple[str, Routes]] = []
        self.said: list[str] = []
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> _Routed:
        self._thread.start()
        until(lambda: bool(self.shown) or not self._thread.is_alive(), 120)
        assert self.shown, repr(self.error)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join()

    def _run(self) -> None:
        release = validate(self.project.file)
        try:
            route(release, lambda event: self.said.append(event.text), self.stop, lambda *one: self.shown.append(one))
        except (ConfigError, OutsideError) as error:
            self.error = error

    @property
    def table(self) -> Routes:
        return self.shown[-1][1]

    def answer(self) -> str:
        body = {"model": "x", "messages": [{"role": "user", "content": "hi"}]}
        request = urllib.request.Request(f"{self.shown[-1][0]}/v1/chat/completions", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as reply:
            return str(json.load(reply)["choices"][0]["message"]["content"])


def moved(project: Project, number: int, stage: str = "production", why: str = PROMOTE, **more: Any) -> None:
    version = registry(project.state, "r").version(number)
    assert version
    move(project.state, version, stage, why, **more)


def test_promotion_and_rollback_are_followed(project: Project) -> None:
    moved(project, 1)
    with _Routed(project) as found:
        assert found.answer() == "version-1"
        moved(project, 2)
        until(lambda: found.answer() == "version-2")
        assert [target.name for target in found.table.fallback] == ["v1"]
        moved(project, 3, "canary", share=0.25)
        until(lambda: found.table.canary is not None)
        assert (found.table.canary and found.table.canary.name, found.table.share) == ("v3", 0.25)
        moved(project, 1, why=ROLLBACK)
        until(lambda: found.table.production.name == "v1")
        assert LOOK_SECONDS <= 0.1, "so a move is followed within a second"
        assert {found.answer() for _ in range(5)} <= {"version-1", "version-3"}
        assert status(validate(project.file))["production"] == "v1"


def test_where_the_version_fails_the_last_good_one_answers(project: Project, stub: Stub) -> None:
    moved(project, 1)
    moved(project, 2)
    with _Routed(project) as found:
        stub.faults.append(500)
        assert found.answer() == "version-1"
        assert found.answer() == "version-2"


def test_an_adapter_that_the_server_does_not_have_is_not_reached(project: Project, stub: Stub) -> None:
    """TGI answers as the base for an adapter that it does not know."""
    moved(project, 1)
    del stub.shifts["version-2"]
    with _Routed(project) as found:
        moved(project, 2)
        until(lambda: any("stays as it is" in text and "exactly as the base" in text for text in found.said))
        assert found.answer() == "version-1"


def test_a_version_that_its_server_lost_is_not_reached_until_it_is_there_again(
    project: Project, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that was started again without its adapter answers as the base, in silence."""
    monkeypatch.setattr("harness.pipeline.routing.route.PROVE_SECONDS", 0.2)
    project.release["route"]["fallback"] = "none"
    project.write()
    moved(project, 1)
    with _Routed(project) as found:
        assert found.answer() == "version-1"
        shift = stub.shifts.pop("version-1")
        until(lambda: found.table.production.urls == ())
        assert any("v1 is not reached at" in text and "moved by 0.3 nats" in text for text in found.said)
        with pytest.raises(urllib.error.HTTPError):
            found.answer()
        stub.shifts["version-1"] = shift
        until(lambda: found.table.production.urls != ())
        assert found.answer() == "version-1"


def test_a_last_good_version_whose_base_is_gone_keeps_nobody_from_production(project: Project) -> None:
    first, *others = project.state.versions.read_text().splitlines()
    old = {**json.loads(first), "base_digest": "f" * 64}
    project.state.versions.write_text("\n".join([json.dumps(old), *others, ""]))
    moved(project, 1)
    moved(project, 2)
    with _Routed(project) as found:
        assert found.answer() == "version-2"
        assert found.table.fallback == ()
        assert any("v1 does not stand in" in text for text in found.said)


def test_every_server_is_vouched_for(project: Project, stub: Stub) -> None:
    """The second server lacks the adapter, and would answer as the base."""
    moved(project, 1)
    stop = threading.Event()
    with running(Stub(answer=lambda _, adapter: str(adapter), shifts={})) as other:
        project.release["route"]["urls"] = [stub.url, other.url]
        project.write()
        with pytest.raises(OutsideError, match="exactly as the base"):
            route(validate(project.file), lambda _: None, stop, lambda *_: stop.set())


def test_an_edited_adapter_is_not_reached(project: Project) -> None:
    moved(project, 1)
    with _Routed(project) as found:
        path = project.state.adapter(_version(project, 2).adapter_digest) / "adapter_model.safetensors"
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b"x")
        moved(project, 2)
        until(lambda: any("v2 cannot be served" in text for text in found.said))
        assert found.answer() == "version-1"


def test_a_registry_that_cannot_be_read_changes_nothing(project: Project) -> None:
    moved(project, 1)
    with _Routed(project) as found:
        good = project.state.moves.read_bytes()
        project.state.moves.write_bytes(good + b"{no JSON}\n")
        until(lambda: any("stays as it is" in text for text in found.said))
        assert found.answer() == "version-1"
        project.state.moves.write_bytes(good)
        moved(project, 2)
        until(lambda: found.answer() == "version-2")


def test_the_base_stands_in_where_that_is_asked(project: Project, stub: Stub) -> None:
    project.release["route"]["fallback"] = "base"
    project.write()
    moved(project, 1)
    with _Routed(project) as found:
        stub.faults.append(503)
        assert found.answer() == "None"


@pytest.mark.parametrize("why", ["nothing", "unproven"])
def test_what_cannot_be_routed_is_refused(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str], why: str
) -> None:
    if why == "unproven":
        moved(project, 1)
        stub.prefill = False
    assert project.call("route") == (2 if why == "nothing" else 4)
    assert ("nothing is in production" if why == "nothing" else "v1 is not reached") in capfd.readouterr().err
    assert project.call("route", "--status") == 2


def test_the_command_prints_its_table_and_ends_on_ctrl_c(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    moved(project, 1)
    project.release["serve"]["unproven"] = "accept"  # nothing stands in for the record in another process
    project.write()
    process = project.start("route")
    try:
        assert process.stdout
        assert "v1 production; stands in: nobody" in process.stdout.readline()
        assert project.call("route", "--status") == 0
        assert "v1 production" in capfd.readouterr().out
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()
    assert project.call("route", "--status") == 2


def test_a_port_in_use_is_told(project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]) -> None:
    moved(project, 1)
    assert project.call("route", "--port", stub.url.rpartition(":")[2]) == 4
    assert "cannot listen" in capfd.readouterr().err


def _version(project: Project, number: int) -> Version:
    found = registry(project.state, "r").version(number)
    assert found
    return found
