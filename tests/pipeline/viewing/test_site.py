"""`harness view`: what the store holds over HTTP, for this machine's user alone, and nothing else."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.pipeline.validate import validate
from harness.pipeline.viewing.app import is_here
from harness.pipeline.viewing.serve import serve_site
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running

HOSTILE = "<script>alert(1)</script>"
HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class Site:
    project: Project
    port: int

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """One request as it stands: nothing in the path is tidied up."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host="Host" in headers)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            reply = connection.getresponse()
            text = reply.read().decode()
            return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, text)
        finally:
            connection.close()


@contextmanager
def viewing(project: Project, *words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The command as a process of its own, and the port it says."""
    process = project.start("view", *words)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.match(r"http://(?:127\.0\.0\.1|\[::1\]):(\d+)/  \(Ctrl-C stops\)", said)
        assert found, said + (process.communicate(timeout=60)[1] if not said else "")
        yield process, int(found[1])
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A project with a decision and a version, whose rows try to be markup."""
    with running(Stub()) as stub:
        project = make_project(tmp_path_factory.mktemp("site"), stub.url)
        data = project.root / "data/test.jsonl"
        rows = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
        data.write_text(
            "".join(json.dumps({**row, "text": f"{HOSTILE} {row['text']}"}) + "\n" for row in rows), encoding="utf-8"
        )
        assert project.gate() == 0
        assert project.call("promote", "--to", "dev") == 0
    with viewing(project) as (_, port):
        yield Site(project, port)


def shown(page: str) -> str:
    """A page without its head."""
    return page.split("</head>", 1)[1]


def test_the_lists_lead_to_what_they_name(site: Site) -> None:
    decision = site.project.record["id"][:12]
    home = site.ask("/")
    assert home.status == 200
    assert f'href="/decisions/{decision}"' in home.text
    assert "PASS" in shown(home.text)
    versions = site.ask("/versions").text
    assert "v1" in versions
    assert f'href="/decisions/{decision}"' in versions
    runs = re.findall(r'href="(/runs/[0-9a-f]+)"', site.ask("/runs").text)
    assert len(runs) == 2
    assert all(site.ask(run).status == 200 for run in runs)


def test_a_decision_tells_its_verdict_and_each_gate(site: Site) -> None:
    record = site.project.record
    page = site.ask(f"/decisions/{record['id'][:12]}")
    assert page.status == 200
    assert all(result["gate"]["metric"] in page.text for result in record["results"])
    assert record["id"] in page.text
    assert f'href="/decisions/{record["id"][:12]}/internal"' in page.text


def test_a_run_tells_its_counts_and_metrics(site: Site) -> None:
    run = site.project.record["runs"]["candidate"]["queue"]
    page = shown(site.ask(f"/runs/{run[:12]}").text)
    assert "sort.accuracy" in page
    assert "100.0\u00a0%" in page
    assert run in page


@pytest.mark.parametrize("edition", ["internal", "client"])
def test_both_editions_are_rendered(site: Site, edition: str) -> None:
    page = site.ask(f"/decisions/{site.project.record['id'][:12]}/{edition}")
    assert page.status == 200, page.text
    assert HOSTILE not in page.text
    own = re.search(r'Content-Security-Policy" content="([^"]+)"', page.text)
    assert own is not None
    assert page.headers["content-security-policy"] == f"{own[1]}; frame-ancestors 'none'"
    assert ("script-src 'sha256-" in own[1]) == ("<script>" in page.text) == (edition == "internal")


def test_two_sides_are_compared_and_stay_chosen(site: Site) -> None:
    a = f"decision:{site.project.record['id'][:12]}"
    page = site.ask(f"/compare?a={a}&b=base")
    assert page.status == 200
    assert f'<option value="{a}" selected>' in page.text
    assert '<option value="base" selected>' in page.text
    assert "Metrics of queue.sort" in page.text
    assert HOSTILE not in page.text
    assert site.ask("/compare").text.count("<select") == 2


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/compare?a=v1", 400, "needs two sides"),
        ("/compare?a=v1&b=%3Cscript%3E", 400, "&lt;script&gt;"),
        ("/compare?a=v1&b=v9", 400, "no version &#39;v9&#39;"),
        ("/decisions/ffffffffffff", 404, "no single decision"),
        ("/decisions/ffffffffffff/client", 404, "no single decision"),
        ("/runs/ffffffffffff", 404, "no runs of r"),
        ("/nowhere", 404, "Nothing stands at /nowhere"),
        ("/runs/", 404, "Nothing stands"),
        ("/../../../../etc/passwd", 404, "Nothing stands"),
        ("/decisions/..%2f..%2fetc/internal", 404, "Nothing stands"),
        ("/%3Cscript%3Ealert(1)%3C/script%3E", 404, "&lt;script&gt;"),
    ],
)
def test_what_cannot_be_shown_is_said_in_words(site: Site, path: str, status: int, said: str) -> None:
    page = site.ask(path)
    assert page.status == status
    assert said in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize("path", ["/", "/nowhere", "/compare?a=x&b=y"])
def test_every_answer_closes_the_browser_down(site: Site, path: str) -> None:
    headers = site.ask(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "script-src" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_nothing_can_be_changed(site: Site, method: str, path: str) -> None:
    answer = site.ask(path, method)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"


def test_head_has_the_headers_alone(site: Site) -> None:
    answer = site.ask("/", "HEAD")
    assert (answer.status, answer.text) == (200, "")
    assert int(answer.headers["content-length"]) > 1000


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.1:80", "", "[", "localhost@evil"]
)
def test_another_name_for_this_address_gets_nothing(site: Site, host: str) -> None:
    answer = site.ask("/", Host=host)
    assert answer.status in (400, 403)
    assert site.project.record["id"][:12] not in answer.text


def test_another_site_cannot_make_it_work(site: Site) -> None:
    said = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}
    assert site.ask("/", **said).status == 403
    assert site.ask("/", **{**said, "Sec_Fetch_Mode": "navigate"}).status == 200
    assert site.ask("/", Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors").status == 200


def test_names_of_loopback_are_ours() -> None:
    assert all(is_here([host]) for host in ("localhost", "localhost:80", "127.0.0.1:9", "[::1]:9", "127.8.8.8"))
    assert not any(is_here(hosts) for hosts in ([], ["localhost", "localhost"], ["::1"], ["0.0.0.0"], ["localhost."]))


def test_a_store_that_is_held_is_said_and_shown_when_it_is_free(site: Site) -> None:
    command = [sys.executable, "-c", HOLD, str(site.project.state.store)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        page = site.ask("/")
        assert page.status == 503
        assert f"process {holder.pid}" in page.text
        holder.communicate("")
    assert site.ask("/").status == 200


def test_a_run_whose_bundle_was_edited_is_not_shown_as_if_whole(site: Site) -> None:
    run = site.project.record["runs"]["base"]["queue"]
    file = next(site.project.state.run(run).glob("outputs*"))
    before = file.read_bytes()
    file.write_bytes(before.replace(b"other", b"OTHER"))
    try:
        page = site.ask(f"/runs/{run[:12]}")
    finally:
        file.write_bytes(before)
    assert page.status == 500
    assert "accuracy" not in shown(page.text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_exit_0(site: Site, number: signal.Signals) -> None:
    with viewing(site.project) as (process, _):
        process.send_signal(number)
        assert process.wait(60) == 0


def test_a_port_in_use_is_told(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    assert site.project.call("view", "--port", str(site.port)) == 2
    assert f"--port {site.port}: another process has this port" in capfd.readouterr().err


@pytest.mark.parametrize(("host", "port", "said"), [
    ("0.0.0.0", 0, "ssh -L"), ("example.com", 0, "ssh -L"), ("", 0, "ssh -L"), ("127.0.0.1", 70000, "between 0 and"),
])  # fmt: skip
def test_only_this_machine_is_listened_on(site: Site, host: str, port: int, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        serve_site(validate(site.project.file), host, port, lambda _: None)


def test_a_project_without_a_store_says_what_to_run(tmp_path: Path) -> None:
    with running(Stub()) as stub:
        project = make_project(tmp_path, stub.url)
    with viewing(project) as (_, port):
        fresh = Site(project, port)
        assert "harness gate" in fresh.ask("/").text
        assert "no run is stored" in fresh.ask("/compare").text
        assert fresh.ask("/compare?a=v1&b=v2").status == 400
    assert not project.state.store.exists()
