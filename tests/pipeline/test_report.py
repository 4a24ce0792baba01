"""`harness report` and the pages of `harness gate`: both editions and the index, whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipeline.release_project import Project
from tests.pipeline.test_pdf import program
from tests.tgi_stub import Stub


@pytest.fixture
def decided(passed: Project) -> Project:
    return passed


def names(project: Project, pattern: str = "*.html") -> list[str]:
    return sorted(path.name for path in project.state.reports("r").glob(pattern))


def broken_template(project: Project) -> None:
    folder = project.root / "reports" / "templates"
    folder.mkdir(parents=True)
    (folder / "client.html").write_text("{{ view.nothing_of_the_kind }}", encoding="utf-8")


def test_a_gate_writes_both_editions_and_the_index(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    assert project.call("gate", "-q") == 0
    first = project.record["id"][:12]
    assert names(project) == [f"{first}.client.html", f"{first}.html", "index.html"]
    said = capfd.readouterr().out
    assert all(f"{first}{suffix}" in said for suffix in (".html", ".client.html"))
    index = (project.state.reports("r") / "index.html").read_text(encoding="utf-8")
    assert all(f'href="{first}{suffix}"' in index for suffix in (".html", ".client.html"))


def test_one_edition_alone_is_rendered_and_linked(decided: Project, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert decided.call("report", "--edition", "client") == 0
    first = decided.record["id"][:12]
    assert names(decided) == [f"{first}.client.html", "index.html"]
    assert f"{first}.html" not in capfd.readouterr().out
    index = (decided.state.reports("r") / "index.html").read_text(encoding="utf-8")
    assert f'href="{first}.html"' not in index


def test_a_template_that_fails_never_undoes_a_decision(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    broken_template(project)
    assert project.call("gate", "-q") == 0
    told = capfd.readouterr()
    assert "PASS" in told.out
    assert "the decision stands without a report" in told.err
    assert "nothing_of_the_kind" in told.err
    assert project.record["verdict"] == "PASS"
    assert project.state.decision(project.record["id"]).is_file()
    assert names(project) == []


def test_a_template_that_fails_leaves_the_pages_as_they_were(
    decided: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    assert decided.call("report") == 0
    before = {path: path.read_bytes() for path in decided.state.reports("r").iterdir()}
    broken_template(decided)
    assert decided.call("report") == 2
    assert "template fails" in capfd.readouterr().err
    assert {path: path.read_bytes() for path in decided.state.reports("r").iterdir()} == before


def test_the_record_is_all_that_standard_output_has(decided: Project, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert decided.call("report", "--format", "json") == 0
    assert json.loads(capfd.readouterr().out)["id"] == decided.record["id"]


def test_a_pdf_without_a_browser_says_what_to_install(
    decided: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert decided.call("report", "--pdf") == 2
    assert "HARNESS_BROWSER" in capfd.readouterr().err
    assert names(decided) == []


def test_a_browser_that_fails_is_an_outside_failure(
    decided: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HARNESS_BROWSER", program(tmp_path / "browser", "echo out of memory >&2; exit 9"))
    assert decided.call("report", "--pdf") == 4
    assert "out of memory" in capfd.readouterr().err
    assert names(decided, "*.pdf") == []


def test_the_page_is_opened_in_the_users_browser(
    decided: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    monkeypatch.setenv("BROWSER", program(tmp_path / "mine", f'echo "$1" > {opened}'))
    process = decided.start("report", "--edition", "client", "--open")
    process.communicate(timeout=60)
    assert process.returncode == 0
    page = decided.state.reports("r") / f"{decided.record['id'][:12]}.client.html"
    assert opened.read_text().strip() == page.resolve().as_uri()


def test_where_no_browser_can_start_the_page_is_named(
    decided: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    process = decided.start("report", "--edition", "client", "--open")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "no browser could be started" in errors
    assert f"{decided.record['id'][:12]}.client.html" in errors


@pytest.mark.browser
def test_both_editions_are_printed(decided: Project, capfd: pytest.CaptureFixture[str]) -> None:
    pypdf = pytest.importorskip("pypdf")
    assert decided.call("report", "--pdf") == 0
    first = decided.record["id"][:12]
    assert names(decided, "*.pdf") == [f"{first}.client.pdf", f"{first}.pdf"]
    for name in names(decided, "*.pdf"):
        pages = pypdf.PdfReader(decided.state.reports("r") / name).pages
        texts = [" ".join(page.extract_text().split()) for page in pages]
        assert f"1 / {len(pages)}" in texts[0] or f"1/{len(pages)}" in texts[0]
        assert any(first in text for text in texts)
