"""The internal edition as HTML: whole, safe, and alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import pairwise

import pytest

from harness.core.ids import digest_json
from harness.core.verdicts import Verdict
from harness.report.internal.gates import gate_anchor
from harness.report.internal.view import build_internal
from harness.report.material import Material
from harness.report.render import render_page
from harness.report.shown import Said, Shown
from harness.report.words import SPACE
from tests.report import made
from tests.report.internal.reading import read

# Values that name things to the program, not to a reader.
KEPT = {
    "rule",
    "aggregate",
    "outcome",
    "kind",
    "id",
    "metric",
    "role",
    "suite",
    "task",
    "main",
    "decided",
    "verdict",
}


def page(material: Material) -> str:
    return render_page("internal.html", build_internal(material), script="filter.js")


@pytest.fixture(scope="module")
def html() -> str:
    return page(made.material())


def test_a_reader_finds_the_verdict_and_what_it_rests_on(html: str) -> None:
    text = re.sub(r"\s+", " ", "".join(read(html).texts)).replace(SPACE, " ")
    for wanted in ("INCONCLUSIVE", "90 samples are too few", "triage.accuracy", "at least 85 %", "Confusion matrix",
                   "order_id", "language: de", "p95", "105 (kept)", "2.13.0", "not measured", "0.040 EUR",
                   "base_model: demo:smollm2-135m-instruct", "the server names the adapter"):  # fmt: skip
        assert wanted in text, wanted


def test_what_was_not_done_is_said() -> None:
    bare = made.material(
        decision=made.decision(Verdict.ERROR, ()),
        runs={}, suites=(), training=None, speed=(), costs=(), history=(), data=None,
    )  # fmt: skip
    text = "".join(read(page(bare)).texts)
    for said in ("No gate was judged.", "No suite was run.", "No baseline was run.", "throughput were not measured",
                 "declares no prices", "Nothing is recorded of a training", "No decision of this release is known",
                 "No task was run"):  # fmt: skip
        assert said in text, said


def test_it_needs_nothing_else(html: str) -> None:
    reader = read(html)
    assert "default-src 'none'" in html
    shown = re.sub(r'xmlns(:\w+)?="[^"]*"', "", html)
    assert not re.search(r"https?://|\"//[a-z]|@import|url\((?!#)", shown)
    assert not {tag for tag, _ in reader.tags} & {"link", "iframe", "img", "object", "base"}
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert "script-src 'sha256-" in html
    links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
    ids = {attributes.get("id") for _, attributes in reader.tags}
    assert links
    assert [link for link in links if not (link and link.startswith("#") and link[1:] in ids)] == []


def test_a_deep_link_leads_to_each_gate(html: str) -> None:
    ids = {attributes.get("id") for _, attributes in read(html).tags}
    assert {gate_anchor(result.gate.id) for result in made.gates()} <= ids


def test_its_structure_can_be_heard(html: str) -> None:
    reader = read(html)
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("h1") == tags.count("main") == tags.count("header") == tags.count("footer") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(below - above <= 1 for above, below in pairwise(levels))
    drawings = [attributes for tag, attributes in reader.tags if tag == "svg"]
    assert all(drawn.get("role") == "img" and drawn.get("aria-label") for drawn in drawings)
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert [name for name in ids if ids.count(name) > 1] == []
    assert tags.count("caption") == tags.count("table")


def test_it_is_small_and_always_the_same(html: str) -> None:
    assert len(html.encode()) < 1_500_000
    assert page(made.material()) == html


def poisoned(value: object, poison: str) -> object:
    """The same values with every text followed by poison; tags of values stay what they are."""
    if isinstance(value, str) and type(value) is str:
        return value + poison
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in KEPT]
        return replace(value, **{name: poisoned(getattr(value, name), poison) for name in names})
    if isinstance(value, Mapping):
        return {key: poisoned(inner, poison) for key, inner in value.items()}
    return type(value)(poisoned(inner, poison) for inner in value) if isinstance(value, tuple | list) else value


@pytest.mark.parametrize("poison", [made.HOSTILE, "</style></title></pre></svg><img src=x onerror=alert(1)>",
                                    "{{ view.__class__ }}{% include '/etc/passwd' %}"])  # fmt: skip
def test_strangers_texts_stay_texts(html: str, poison: str) -> None:
    material = made.material()
    hostile = replace(material, **{
        name: poisoned(getattr(material, name), poison)
        for name in ("decision", "runs", "suites", "training", "release_yaml", "speed", "costs", "history", "data")
    })  # fmt: skip
    found = page(hostile)
    reader = read(found)
    assert {tag for tag, _ in reader.tags} <= {tag for tag, _ in read(html).tags}
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", found)


def endless(one: Shown) -> Shown:
    said = {role: Said("y" * 20_000, found.outcome, "z" * 10_000, 0.0) for role, found in one.said.items()}
    long = {"k" * 999: "v" * 999}
    return replace(one, input="x" * 20_000, target="<" * 20_000, said=said, slices=long)


def test_endless_texts_are_cut_and_the_page_stays_small() -> None:
    suites = []
    for suite in made.suites():
        task = suite.tasks[0]
        assert task.failures is not None
        failures = replace(task.failures, worst=tuple(map(endless, task.failures.worst)))
        changes = tuple(
            replace(one, fallen=tuple(map(endless, one.fallen)), risen=tuple(map(endless, one.risen)))
            for one in task.changes
        )
        suites.append(replace(suite, tasks=(replace(task, failures=failures, changes=changes),)))
    found = page(made.material(suites=tuple(suites), release_yaml="w" * 1_000_000))
    assert "(950,000 more characters)" in found
    assert len(found.encode()) < 10_000_000


def test_a_store_of_thirty_tasks_and_forty_gates_stays_small() -> None:
    suite = made.suites()[0]
    tasks = tuple(replace(suite.tasks[0], name=f"{digest_json(i)} task") for i in range(30))
    results = made.gates() * 6
    found = page(made.material(suites=(replace(suite, tasks=tasks),), decision=made.decision(results=results)))
    assert len(found.encode()) < 10_000_000
