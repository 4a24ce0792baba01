"""`report:` and `prices:` in release.yaml: each mistake with its line, and nothing of them in any digest."""

from __future__ import annotations

import json

import pytest

from harness.config.load import load_release
from harness.config.presentation import unknown_columns
from harness.core.presentation import Presentation, Price, Prices
from harness.core.releases import Release
from harness.pipeline.validate import validate, warnings
from tests.projects import Project

REPORT = """\
report:
  title: Desk assistant
  client: ACME
  contact: quality@example.org
  samples: true
  redact: [name, order]
"""
PRICES = """\
prices:
  currency: USD
  models:
    candidate: {per_hour: 2.5}
    base: {per_million_tokens: {prompt: 0.15, generated: 0.6}}
"""


def loaded(desk: Project, text: str) -> Release:
    desk.write("release.yaml", desk.read("release.yaml") + text)
    release, problems = load_release(desk.root / "release.yaml")
    assert problems == []
    assert release is not None
    return release


def test_what_was_written_is_held(desk: Project) -> None:
    release = loaded(desk, REPORT + PRICES)
    assert release.presentation == Presentation(
        "Desk assistant", "ACME", "quality@example.org", True, ("name", "order")
    )
    models = {"candidate": Price(per_hour=2.5), "base": Price(prompt=0.15, generated=0.6)}
    assert release.prices == Prices("USD", models)


def test_without_the_keys_no_text_is_shown_and_nothing_has_a_price(desk: Project) -> None:
    release = loaded(desk, "")
    assert release.presentation == Presentation()
    assert not release.presentation.samples
    assert release.prices is None


def test_the_release_stays_the_same(desk: Project) -> None:
    before = loaded(desk, "")
    after = loaded(desk, REPORT + PRICES)
    assert after.digest == before.digest
    assert [suite.digest for suite in after.suites] == [suite.digest for suite in before.suites]
    assert after.policy == before.policy


def told_with_line(desk: Project, text: str, old: str, new: str, line: int, said: str) -> None:
    """`line` is that of `text`, which is added at the end of release.yaml."""
    start = desk.read("release.yaml").count("\n")
    assert text.count(old) == 1
    desk.write("release.yaml", desk.read("release.yaml") + text.replace(old, new))
    found = desk.problems()
    assert any(said in problem and problem.startswith(f"release.yaml:{start + line}:") for problem in found), found


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("base:", "bse:", 5, "there is no model 'bse'; there are candidate, base."),
        ("{per_hour: 2.5}", "{}", 4, "the price of 'candidate' needs exactly one of 'per_hour' and"),
        ("{per_hour: 2.5}", "{per_hour: 2, per_million_tokens: {prompt: 1, generated: 1}}", 4, "exactly one of"),
        ("{per_hour: 2.5}", "{per_hour: -1}", 4, "'per_hour' (-1) should be greater than or equal to 0."),
        ("{per_hour: 2.5}", "{per_huor: 2.5}", 4, "unknown key 'per_huor'. Did you mean 'per_hour'?"),
        (", generated: 0.6", "", 5, "'generated'"),
        ("USD", "$", 2, "'currency' ('$') must match"),
    ],
)  # fmt: skip
def test_each_mistake_in_prices_is_told_with_its_line(desk: Project, old: str, new: str, line: int, said: str) -> None:
    told_with_line(desk, PRICES, old, new, line, said)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("samples: true", "samples: yes please", 5, "'samples'"),
        ("redact: [name, order]", "redact: name", 6, "'redact'"),
        ("title:", "titel:", 2, "Did you mean 'title'?"),
        ("Desk assistant", "x" * 121, 2, "'title'"),
    ],
)
def test_each_mistake_in_the_report_is_told_with_its_line(
    desk: Project, old: str, new: str, line: int, said: str
) -> None:
    told_with_line(desk, REPORT, old, new, line, said)


def test_a_name_that_blacks_out_nothing_is_told(desk: Project) -> None:
    desk.write("release.yaml", desk.read("release.yaml") + "report: {redact: [Text, COUNT, custmer, label]}\n")
    told = [line for line in warnings(validate(desk.root / "release.yaml")) if "redact" in line]
    assert told == [
        "release.yaml: warning: no row that is known has 'custmer' of report.redact: it blacks out nothing."
    ]


def test_names_are_found_at_any_depth(desk: Project) -> None:
    rows = desk.read("data/triage.jsonl").splitlines()
    row = {**json.loads(rows[0]), "meta": [{"Phone": 1}], "raw": '{"iban": "DE1"}'}
    desk.write("data/triage.jsonl", "\n".join([json.dumps(row), *rows[1:]]))
    suites = loaded(desk, "").suites
    assert unknown_columns(["phone", "IBAN", "order", "phon"], suites) == ["phon"]
    assert unknown_columns([], suites) == []
