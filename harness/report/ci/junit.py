"""A decision as JUnit XML: a test suite for the release, a test case for each gate.

`file`, `line` and the properties of a test case go beyond Jenkins' strict schema (junit-10.xsd), and are what GitLab,
GitHub's actions and Jenkins' own `junit` step read.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from harness.core.decisions import Decision, GateResult
from harness.core.estimates import Comparison, Unestimable
from harness.report import words
from harness.report.ci.cases import MESSAGE, Case, Effect, Ending, cases
from harness.report.guard import label, passage, written

_ELEMENT = {Effect.WAIVED: "skipped", Effect.SHOWN: "skipped", Effect.ERROR: "error", Effect.OUTSIDE: "error"}


def junit(found: Decision | Ending, release_file: str) -> str:
    """XML 1.0 with at least one test case. A decision that is no PASS has a failure or an error.

    `release_file` is relative to the repository.
    """
    shown = cases(found, release_file)
    if isinstance(found, Ending):
        shown = (_in_one(shown),)
    kinds = [_kind(case.effect) for case in shown]
    counts = {
        "tests": str(len(shown)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
    }
    root = Element("testsuites", {"name": "harness", **counts})
    name = label(found.release)
    suite = SubElement(root, "testsuite", {"name": name, **counts, "skipped": str(kinds.count("skipped"))})
    if isinstance(found, Decision):
        suite.set("timestamp", label(found.decided))
        _properties(suite, _about(found))
    for case in shown:
        _testcase(suite, case, name)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _in_one(problems: tuple[Case, ...]) -> Case:
    """All problems as one case: without a decision there are no gates to count."""
    places = [f"{case.file}:{case.line}" if case.line else case.file for case in problems]
    text = "\n".join(f"{place}: {case.message}" for place, case in zip(places, problems, strict=True))
    return Case("release", problems[0].effect, text, problems[0].file, problems[0].line)


def _kind(effect: Effect) -> str | None:
    return None if effect is Effect.PASS else _ELEMENT.get(effect, "failure")


def _testcase(suite: Element, case: Case, release: str) -> None:
    group = case.result.gate.metric.split(".")[0] if case.result else ""
    place = {"file": case.file, **({"line": str(case.line)} if case.line else {})}
    classname = f"{release}.{label(group)}" if group else release
    element = SubElement(suite, "testcase", {"classname": classname, "name": case.name, **place})
    if case.result:
        _properties(element, _numbers(case.result))
    kind = _kind(case.effect)
    if kind == "skipped":
        SubElement(element, kind, {"message": case.message})
    elif kind:
        said = {"type": str(case.effect), "message": label(case.message, MESSAGE)}
        SubElement(element, kind, said).text = passage(case.message, 20 * MESSAGE)


def _properties(parent: Element, values: dict[str, object]) -> None:
    block = SubElement(parent, "properties")
    for name, value in values.items():
        SubElement(block, "property", {"name": label(name), "value": label(written(value), MESSAGE)})


def _about(decision: Decision) -> dict[str, object]:
    known = {"decision": decision.id, "verdict": str(decision.verdict), "reason": decision.reason}
    known |= {f"answers {name}": text for name, text in words.endings(decision).items()}
    known |= {f"asked {role} {suite}": at for role, suites in decision.asked.items() for suite, at in suites.items()}
    return {**known, **{f"candidate {name}": value for name, value in decision.candidate.items() if value}}


def _numbers(result: GateResult) -> dict[str, object]:
    """A gate's evidence in its own unit; a number that there is not is said not to be measured."""
    gate, evidence = result.gate, result.finding.evidence
    rule: dict[str, object] = {"verdict": str(result.verdict), "role": str(gate.role), "rule": words.rule(gate)}
    if gate.is_check:
        return rule
    if isinstance(evidence, Unestimable):
        return {**rule, "value": words.NOT_MEASURED, "why": evidence.reason}
    if isinstance(evidence, Comparison):
        value, n = evidence.difference, evidence.pairs
    else:
        value, n = evidence.value, evidence.n
    limits = {"low": evidence.low, "high": evidence.high}
    known = {name: limit for name, limit in limits.items() if limit is not None}
    last = {"level": evidence.level, "n": n, "method": evidence.method}
    return {**rule, "value": value, **known, "bound": result.finding.bound, **last}
