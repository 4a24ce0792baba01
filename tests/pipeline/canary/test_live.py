"""A router that runs, two servers behind it, and `harness canary` on what it noted."""

from __future__ import annotations

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.config.forms import form_of
from harness.pipeline.registry.read import registry
from harness.router.table import Routes, Target
from tests.pipeline.canary.conftest import backdate, stage, write
from tests.pipeline.release_project import Project
from tests.router.asking import front
from tests.router.backend import backend
from tests.tgi_stub import Stub

QUICK, SLOW = 0.005, 0.05
FORM = "regex:(a/one|b/two|b/two-and-longer)"


@pytest.mark.parametrize(
    ("asked", "model", "code", "rule"),
    [
        (lambda _: "hello", "two", 0, ""),
        (lambda i: "500@b" if i % 5 == 0 else "hello", "two", 1, "errors"),
        (lambda i: "close@b" if i % 5 == 0 else "hello", "two", 1, "errors"),
        (lambda _: "slow@b", "two", 1, "latency p95"),
        (lambda _: "hello", "xxx", 1, "format"),
        (lambda _: "hello", "two-and-longer", 1, "length p50"),
    ],
)
def test_what_the_servers_do_decides(
    project: Project, asked: object, model: str, code: int, rule: str, capfd: pytest.CaptureFixture[str]
) -> None:
    project.release["canary"]["format"] = FORM
    project.release["canary"]["tolerate"]["errors"] = 0.05
    project.write()
    form = form_of(FORM, Path())
    with backend("a", delay=QUICK) as one, backend("b", delay=QUICK, slow=SLOW) as two:
        production = Target("v1", (one.url,), "one")
        routes = Routes(production, Target("v2", (two.url,), model), 0.5, fallback=(production,))
        route = front(project.state.state, routes, form=form, eject=1000, timeout=60.0)
        with route as found, ThreadPoolExecutor(6) as pool:
            replies = list(pool.map(lambda i: found.generate(asked(i)).status, range(700)))  # type: ignore[operator]
    assert set(replies) == {200}
    _age(project, 60, SLOW if rule == "latency p95" else QUICK)
    assert project.call("canary", "--apply") == code
    told = capfd.readouterr().out
    if code == 0:
        assert registry(project.state, "r").share() == 0.5
    else:
        assert f"tolerated: {rule}" in told
        assert stage(project, 2) == "staging"


@pytest.mark.slow
def test_a_router_that_runs_follows_what_is_done(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    """The command's own router: users are told apart without their names, and a canary that is withdrawn is left."""
    project.release["route"]["sticky"] = "X-User-Id"
    project.release["canary"]["format"] = "regex:version-1"
    project.write()
    process = project.start("route")
    try:
        assert process.stdout
        url = process.stdout.readline().split()[0]
        assert _ask(url, 300) == {"version-1", "version-2"}
        time.sleep(1.6)
        logged = next(project.state.traffic_of("r").glob("*.jsonl")).read_text()
        assert "user-" not in logged
        assert len({json.loads(row)["who"] for row in logged.splitlines()}) == 300
        assert project.call("canary", "--json") == 3  # sessions may go on
        assert json.loads(capfd.readouterr().out)["sides"]["canary"]["waiting"] > 50
        _age(project, 1200)
        assert project.call("canary", "--apply") == 1
        time.sleep(1.0)
        assert _ask(url, 50) == {"version-1"}
    finally:
        process.terminate()
        process.communicate()


def _ask(url: str, users: int) -> set[str]:
    def one(user: int) -> str:
        body = json.dumps({"model": "x", "messages": [{"role": "user", "content": "hi"}]}).encode()
        request = urllib.request.Request(f"{url}/v1/chat/completions", body, {"X-User-Id": f"user-{user}"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return str(json.load(reply)["choices"][0]["message"]["content"])

    with ThreadPoolExecutor(4) as pool:
        return set(pool.map(one, range(users)))


def _age(project: Project, seconds: float, canary: float | None = None) -> None:
    """The log and the registry as if all had been so long ago, some days apart where midnight lies between.

    With `canary`, a request to it takes just the time that its server takes, and production's just that of its own:
    what a busy machine adds decides nothing.
    """
    logs = list(project.state.traffic_of("r").glob("*.jsonl"))
    rows = [json.loads(row) for path in logs for row in path.read_text().splitlines()]
    for path in logs:
        path.unlink()
    for row in rows:
        row["time"] -= seconds
        if canary is not None and row["status"] == 200 and row["fault"] is None:
            least = canary if row["side"] == "canary" else QUICK
            assert row["seconds"] >= least, "the router measures the server's time"
            row["seconds"] = least
    write(project, rows)
    backdate(project, seconds + 60)
