"""The page as HTML: whole, safe, and alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.core.samples import Answer, Outcome
from harness.report.material import CANDIDATE
from harness.report.render import render
from harness.report.view import build_view
from harness.report.words import SPACE
from tests.report import made

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Reader(HTMLParser):
    """Tags that match, ids, and the texts that a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def html() -> str:
    return render(build_view(made.material()))


def test_a_reader_finds_the_verdict_and_what_it_rests_on(html: str) -> None:
    text = re.sub(r"\s+", " ", "".join(read(html).texts)).replace(SPACE, " ")
    for wanted in ("INCONCLUSIVE", "90 samples are too few", "triage.accuracy", "at least 85 %", "Confusion matrix",
                   "order_id", "language: de", "p95", "kept: step 105", "Changed answers", "2.13.0", "not measured",
                   "base_model: demo:smollm2-135m-instruct", "the server names the adapter"):  # fmt: skip
        assert wanted in text, wanted


def test_it_needs_nothing_else(html: str) -> None:
    reader = read(html)
    assert "default-src 'none'" in html
    assert not re.search(r"https?://|//[a-z]|@import|url\(", html)
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "iframe", "img", "object", "base", "form"}
    links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
    ids = {attributes.get("id") for _, attributes in reader.tags}
    assert links
    assert all(link and link.startswith("#") and link[1:] in ids for link in links)


def test_its_structure_can_be_heard(html: str) -> None:
    reader = read(html)
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("h1") == tags.count("main") == tags.count("header") == tags.count("footer") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(below - above <= 1 for above, below in pairwise(levels))
    drawings = [attributes for tag, attributes in reader.tags if tag == "svg" and "class" in attributes]
    assert drawings
    assert all(drawn.get("role") == "img" and drawn.get("aria-label") for drawn in drawings)
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert tags.count("caption") == tags.count("table")


def test_it_is_small_and_always_the_same(html: str) -> None:
    assert len(html.encode()) < 500_000
    assert render(build_view(made.material())) == html


def poisoned(value: object, poison: str) -> object:
    """The same values with every text followed by poison; tags of values stay what they are."""
    if isinstance(value, str) and type(value) is str:
        return value + poison
    if is_dataclass(value) and not isinstance(value, type):
        kept = {"sample_id", "metric", "aggregate", "task", "rule", "outcome", "id", "part", "name"}
        names = [field.name for field in fields(value) if field.name not in kept]
        return replace(value, **{name: poisoned(getattr(value, name), poison) for name in names})
    if isinstance(value, Mapping):
        return {key: poisoned(inner, poison) for key, inner in value.items()}
    return type(value)(poisoned(inner, poison) for inner in value) if isinstance(value, tuple | list) else value


@pytest.mark.parametrize("poison", [made.HOSTILE, "</style></title></pre></svg><img src=x onerror=alert(1)>",
                                    "{{ view.__class__ }}{% include '/etc/passwd' %}"])  # fmt: skip
def test_strangers_texts_stay_texts(poison: str) -> None:
    clean, material = read(render(build_view(made.material()))), made.material()
    hostile = replace(material, **{
        name: poisoned(getattr(material, name), poison)
        for name in ("decision", "runs", "training", "release_yaml")
    })  # fmt: skip
    html = render(build_view(hostile))
    reader = read(html)
    assert {tag for tag, _ in reader.tags} <= {tag for tag, _ in clean.tags}
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", html)


def test_endless_texts_are_cut() -> None:
    runs = made.runs()
    run, (ours,) = runs[CANDIDATE]["triage"]
    long = replace(
        ours,
        outputs=tuple(replace(output, text="y" * 1_000_000) for output in ours.outputs),
        answers=tuple(Answer(answer.sample_id, Outcome.MODEL_FAILED, None, "z" * 10_000) for answer in ours.answers),
        samples=tuple(replace(s, row={"text": "x" * 1_000_000}, slices={"k" * 999: "v" * 999}) for s in ours.samples),
    )  # fmt: skip
    runs[CANDIDATE]["triage"] = (run, (long,))
    html = render(build_view(made.material(runs=runs, release_yaml="w" * 1_000_000)))
    assert "(998,000 more characters)" in html
    assert len(html.encode()) < 3_000_000


def test_a_team_may_replace_a_part_or_extend_the_whole(tmp_path: Path) -> None:
    (tmp_path / "training.html").write_text("<section id=training>our own: {{ view.release }}</section>")
    (tmp_path / "report.html").write_text(
        '{% extends "harness/report.html" %}{% block footer %}<p>Northlight &amp; Co</p>{% endblock %}'
    )
    html = render(build_view(made.material()), tmp_path)
    assert "our own: northlight-support" in html
    assert "Northlight &amp; Co" in html
    assert 'id="gates"' in html


@pytest.mark.parametrize("template", ["{{ view.nothing }}", "{% if %}", "{{ ''.__class__.__mro__ }}",
                                      '{% include "../secret" %}'])  # fmt: skip
def test_a_team_template_that_fails_is_named(tmp_path: Path, template: str) -> None:
    (tmp_path.parent / "secret").write_text("secret")
    (tmp_path / "gates.html").write_text(template)
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path))):
        render(build_view(made.material()), tmp_path)
