"""JUnit XML: what is a failure, an error or skipped; and that any reader can read it."""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from harness.core.decisions import Decision
from harness.core.verdicts import Verdict
from harness.report.ci.cases import Ending
from harness.report.ci.junit import junit
from tests.report import made_for_ci as made

# Jenkins' strict schema and the two attributes that all readers know besides: attributes that must be and may be.
ATTRIBUTES = {
    "testsuites": ({"tests", "failures", "errors"}, {"name"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"skipped", "timestamp"}),
    "testcase": ({"name", "classname"}, {"file", "line"}),
    "properties": (set(), set()),
    "property": ({"name", "value"}, set()),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"message"}, set()),
}
CHILDREN = {
    "testsuites": ["testsuite"], "testsuite": ["properties", "testcase"], "properties": ["property"],
    "testcase": ["properties", "failure", "error", "skipped"],
}  # fmt: skip


def parsed(found: Decision | Ending) -> Element:
    """The document, read as bytes and checked against the rules above."""
    root = ElementTree.fromstring(junit(found, made.FILE).encode())
    for element in root.iter():
        must, may = ATTRIBUTES[element.tag]
        assert must <= set(element.attrib) <= must | may, element.attrib
        assert {child.tag for child in element} <= set(CHILDREN.get(element.tag, []))
    for counted in (root, root[0]):
        for kind, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert counted.get(kind) == str(len(list(root.iter(tag))))
    assert root[0].get("skipped") == str(len(list(root.iter("skipped"))))
    return root


def outcome(case: Element) -> tuple[str, str | None]:
    found = [child for child in case if child.tag != "properties"]
    assert len(found) <= 1
    return (found[0].tag, found[0].get("type")) if found else ("passed", None)


def test_each_gate_is_a_test_case_at_its_line() -> None:
    tests = list(parsed(made.decision()).iter("testcase"))
    assert [(case.get("name"), *outcome(case)) for case in tests] == [
        ("triage.accuracy:at_least", "passed", None),
        ("triage.macro_f1:at_least", "skipped", None),
        ("orders.exact_match:at_least", "skipped", None),
        ("general.accuracy:at_least", "skipped", None),
        ("summaries.rouge_l:at_least", "failure", "inconclusive"),
        ("errors.rate:at_least", "error", "outside"),
        ("latency.p95:at_least", "error", "error"),
        ("bias.accuracy:at_least", "failure", "fail"),
    ]
    assert [case.get("line") for case in tests] == [str(line) for line in range(11, 19)]
    assert {case.get("file") for case in tests} == {"models/desk/release.yaml"}
    assert tests[0].get("classname") == "northlight-support.triage"


def test_numbers_are_properties_and_what_was_not_measured_is_no_number() -> None:
    tests = list(parsed(made.decision()).iter("testcase"))
    first, lost = ({p.get("name"): p.get("value") for p in case.iter("property")} for case in (tests[0], tests[5]))
    assert first["value"] == "0.91"
    assert (first["low"], first["bound"], first["n"]) == ("0.875", "0.9", "240")
    assert "high" not in first
    assert (lost["value"], lost["why"]) == ("not measured", "the server was lost")
    assert not {"low", "high", "n"} & set(lost)


def test_problems_before_any_gate_are_one_case_with_an_error() -> None:
    for found, kind in ((made.broken(), "error"), (made.lost(), "outside")):
        (case,) = parsed(found).iter("testcase")
        assert (case.get("name"), *outcome(case)) == ("release", "error", kind)
    text = next(parsed(made.broken()).iter("error")).text or ""
    assert "models/desk/release.yaml:16: 'at_leest' is no key. Did you mean 'at_least'?" in text
    assert "models/desk/suites/triage.yaml:4: no such label" in text


def test_no_gates_at_all_is_an_error() -> None:
    (case,) = parsed(made.decision(results=(), verdict=Verdict.ERROR)).iter("testcase")
    assert outcome(case) == ("error", "error")


@pytest.mark.parametrize("found", [made.hostile(), made.broken()])
def test_hostile_texts_leave_it_a_document_of_xml_1_0(found: Decision | Ending) -> None:
    parsed(found)
    text = junit(found, made.FILE)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202e]", text)
    assert "&#" not in text.replace("&#10;", "")
    assert "<img" not in text
