"""A decision as SARIF 2.1.0: a rule for each gate, a result for each that is no PASS, at its line of release.yaml."""

from __future__ import annotations

import json
from urllib.parse import quote

from harness import __version__
from harness.core.decisions import Decision
from harness.core.ids import digest_json
from harness.report import words
from harness.report.ci.cases import MESSAGE, Case, Effect, Ending, cases
from harness.report.guard import label

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT = "harnessGate/v1"


def sarif(found: Decision | Ending, release_file: str) -> str:
    """JSON of one run. `release_file` is relative to the repository, as all its locations are."""
    shown = cases(found, release_file)
    release, rules = label(found.release), _rules(shown)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [_result(case, numbers[_rule_id(case)], release) for case in shown if case.effect is not Effect.PASS]
    run = {
        "tool": {"driver": {"name": "harness", "semanticVersion": __version__, "rules": rules}},
        "automationDetails": {"id": f"harness/{release}/"},
        "invocations": [{"executionSuccessful": isinstance(found, Decision)}],
        "columnKind": "unicodeCodePoints",
        "results": results,
        **({"properties": _about(found)} if isinstance(found, Decision) else {}),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _about(decision: Decision) -> dict[str, object]:
    """What a verdict has to be read with: how the answers ended, and when they were asked."""
    endings = {label(name): label(text, MESSAGE) for name, text in words.endings(decision).items()}
    asked = {
        label(f"{role} {suite}"): label(at) for role, suites in decision.asked.items() for suite, at in suites.items()
    }
    return {"verdict": str(decision.verdict), "answers": endings, "asked": asked}


def _rule_id(case: Case) -> str:
    return case.name if case.result else "release"


def _rules(shown: tuple[Case, ...]) -> list[dict[str, object]]:
    """One for each gate, and one for the release where a case is about it."""
    texts = {_rule_id(case): _asked(case) for case in shown}
    return [{"id": name, "shortDescription": {"text": text}} for name, text in texts.items()]


def _asked(case: Case) -> str:
    if case.result is None:
        return "The release can be judged, and something has to pass."
    gate = case.result.gate
    return label(f"{gate.what}: {words.rule(gate)} ({gate.role})", MESSAGE)


def _result(case: Case, rule: int, release: str) -> dict[str, object]:
    level = "error" if case.effect.blocks else "note" if case.effect is Effect.WAIVED else "warning"
    same = [release, case.name] if case.result else [release, case.file, case.message]
    found: dict[str, object] = {
        "ruleId": _rule_id(case),
        "ruleIndex": rule,
        "level": level,
        "message": {"text": f"{case.word}: {case.message}"},
        "locations": [{"physicalLocation": _location(case)}],
        "partialFingerprints": {_FINGERPRINT: digest_json(same)},
    }
    if case.effect is Effect.WAIVED:
        found["suppressions"] = [{"kind": "external", "justification": _justification(case)}]
    return found


def _location(case: Case) -> dict[str, object]:
    artifact = {"uri": quote(case.file), "uriBaseId": "%SRCROOT%"}
    if case.file.startswith("/"):
        artifact = {"uri": f"file://{quote(case.file)}"}
    return {"artifactLocation": artifact, "region": {"startLine": case.line or 1}}


def _justification(case: Case) -> str:
    waiver = case.waiver
    return label(f"{waiver.reason} ({waiver.owner}, until {waiver.expires})", MESSAGE) if waiver else case.message
