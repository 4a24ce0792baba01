"""A page printed by an outside browser: found or told, ended or killed, and never let onto the network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.core.errors import ConfigError, OutsideError
from harness.pipeline.pdf import find_browser, print_pdf
from tests.tgi_stub import Stub, running
from tests.waiting import until

PAGE = """<!doctype html><meta charset="utf-8"><title>t</title><style>
@page {{ size: A4; @bottom-right {{ content: counter(page) " / " counter(pages); }} }}
section {{ break-after: page; }}</style>
<section>Verdict: released, with 93.4 % of 300.</section><section>Second page</section>
<img src="{url}/picture.png">"""


def program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "0123456789ab.client.html"
    path.write_text(PAGE.format(url="http://127.0.0.1:9"), encoding="utf-8")
    return path


def test_the_browser_that_is_named_wins(tmp_path: Path) -> None:
    ours, other = program(tmp_path / "ours", "true"), program(tmp_path / "chromium", "true")
    assert find_browser({"PATH": str(tmp_path)}) == other
    assert find_browser({"PATH": str(tmp_path), "HARNESS_BROWSER": ours}) == ours


@pytest.mark.parametrize(("extra", "said"), [({}, "Install one"), ({"HARNESS_BROWSER": "nowhere"}, "'nowhere'")])
def test_no_browser_is_told_with_what_to_do(tmp_path: Path, extra: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match="HARNESS_BROWSER") as raised:
        find_browser({"PATH": str(tmp_path), **extra})
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("does", "said"),
    [("echo no display >&2; exit 3", "exit code 3.*no display"), ("true", "without a whole PDF"),
     ('for word; do case "$word" in --print-to-pdf=*) printf "%%PDF-1.7 half" > "${word#*=}";; esac; done',
      "without a whole PDF")],
)  # fmt: skip
def test_a_browser_that_fails_leaves_no_pdf(tmp_path: Path, page: Path, does: str, said: str) -> None:
    with pytest.raises(OutsideError, match=said):
        print_pdf(page, program(tmp_path / "browser", does))
    assert not page.with_suffix(".pdf").exists()


def test_a_browser_that_cannot_start_is_told(tmp_path: Path, page: Path) -> None:
    with pytest.raises(OutsideError, match="cannot be started"):
        print_pdf(page, str(tmp_path))


def test_a_browser_that_hangs_is_ended_with_its_children(tmp_path: Path, page: Path) -> None:
    child = tmp_path / "child"
    hanging = program(tmp_path / "browser", f"sleep 600 & echo $! > {child}; wait")
    with pytest.raises(OutsideError, match="had not ended after 1 s"):
        print_pdf(page, hanging, seconds=1)
    number = int(child.read_text())
    until(lambda: not is_running(number))


def is_running(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.browser
def test_a_page_becomes_a_pdf_with_page_numbers_and_text(page: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    with running(Stub()) as stub:
        page.write_text(PAGE.format(url=stub.url), encoding="utf-8")
        path = print_pdf(page, find_browser(os.environ))
        assert stub.asked == [], "a page that is printed reaches nothing"
    texts = [" ".join(one.extract_text().split()) for one in pypdf.PdfReader(path).pages]
    assert path.name == "0123456789ab.client.pdf"
    assert "released, with 93.4 % of 300." in texts[0]
    assert [f"{number} / {len(texts)}" in text for number, text in enumerate(texts, start=1)] == [True] * len(texts)
