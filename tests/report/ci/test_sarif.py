"""SARIF 2.1.0: what the standard and GitHub's code scanning require, and fingerprints that stay."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from harness.core.decisions import Decision
from harness.core.places import Place
from harness.core.verdicts import Verdict
from harness.report.ci.cases import Ending
from harness.report.ci.sarif import sarif
from tests.report import made_for_ci as made


def run(found: Decision | Ending) -> dict[str, Any]:
    """The only run, after a check of what must be there."""
    log = json.loads(sarif(found, made.FILE))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    one: dict[str, Any] = log["runs"][0]
    rules = one["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) > 0
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        assert not location["physicalLocation"]["artifactLocation"]["uri"].startswith("/")
        assert len(result["partialFingerprints"]["harnessGate/v1"]) == 64
    return one


def test_every_gate_is_a_rule_and_all_but_a_pass_a_result() -> None:
    one = run(made.decision())
    assert len(one["tool"]["driver"]["rules"]) == 8
    assert [(result["ruleId"].split(":")[0], result["level"]) for result in one["results"]] == [
        ("triage.macro_f1", "warning"),
        ("orders.exact_match", "note"),
        ("general.accuracy", "warning"),
        ("summaries.rouge_l", "error"),
        ("errors.rate", "error"),
        ("latency.p95", "error"),
        ("bias.accuracy", "error"),
    ]
    place = one["results"][-1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "models/desk/release.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 18}


def test_only_what_is_waived_is_suppressed_by_its_owners_word() -> None:
    results = {result["ruleId"]: result for result in run(made.decision())["results"]}
    (suppression,) = results.pop("orders.exact_match:at_least")["suppressions"]
    assert suppression["kind"] == "external"
    assert suppression["justification"] == "known gap | #7 (ada@example.com, until 2026-12-31)"
    assert not any("suppressions" in result for result in results.values())


def test_fingerprints_stay_when_lines_and_numbers_move() -> None:
    def prints(found: Decision) -> list[str]:
        return [result["partialFingerprints"]["harnessGate/v1"] for result in run(found)["results"]]

    moved = tuple(
        replace(one, sentence="Other words.", gate=replace(one.gate, place=Place("release.yaml", 99)))
        for one in made.results()
    )
    assert prints(made.decision(results=moved)) == prints(made.decision())
    assert len(set(prints(made.decision()))) == 7


def test_a_run_without_a_decision_was_not_successful() -> None:
    one = run(made.broken())
    assert [invocation["executionSuccessful"] for invocation in one["invocations"]] == [False]
    assert [r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in one["results"]] == [16, 4]
    assert run(made.decision())["invocations"] == [{"executionSuccessful": True}]


def test_a_release_that_no_gate_holds_has_a_result_of_its_own() -> None:
    (result,) = run(made.decision(results=(), verdict=Verdict.ERROR))["results"]
    assert (result["ruleId"], result["level"]) == ("release", "error")


@pytest.mark.parametrize("found", [made.hostile(), made.broken(), made.lost()])
def test_hostile_texts_are_only_texts(found: Decision | Ending) -> None:
    run(found)
    assert sarif(found, made.FILE).isascii()


def test_a_path_is_a_uri() -> None:
    log = json.loads(sarif(made.decision(), "my models/ü#1/release.yaml"))
    artifact = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact["uri"] == "my%20models/%C3%BC%231/release.yaml"
