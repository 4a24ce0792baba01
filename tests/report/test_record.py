"""decision.json loses nothing."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.decisions import Decision, Finding, GateResult
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.places import Place
from harness.core.policies import Gate
from harness.core.verdicts import Role, Verdict
from harness.report.record import from_json, to_json
from tests.report import made

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
maybe = st.none() | numbers
counts = st.integers(0, 10**9)
values = st.recursive(
    st.none() | st.booleans() | counts | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
evidence = st.one_of(
    st.builds(Estimate, numbers, maybe, maybe, numbers, counts, texts),
    st.builds(Comparison, numbers, numbers, numbers, maybe, maybe, numbers, counts, texts),
    st.builds(Unestimable, texts, counts),
)
verdicts = st.sampled_from(Verdict)
findings = st.builds(Finding, evidence, numbers, st.booleans(), maybe, st.none() | verdicts, texts, st.none() | counts)
places = st.builds(Place, texts, st.none() | counts)
gates = st.builds(Gate, texts, texts, numbers, st.none() | texts, st.sampled_from(Role), places)
decisions = st.builds(
    Decision,
    id=texts,
    release=texts,
    verdict=verdicts,
    reason=texts,
    results=st.lists(st.builds(GateResult, gates, verdicts, findings, texts, texts), max_size=3).map(tuple),
    runs=st.dictionaries(texts, st.dictionaries(texts, texts, max_size=2), max_size=2),
    candidate=st.dictionaries(texts, values, max_size=3),
    digests=st.dictionaries(texts, texts, max_size=2),
    notes=st.lists(texts, max_size=2).map(tuple),
    decided=texts,
)


@given(decisions)
def test_round_trip_through_text(decision: Decision) -> None:
    found = from_json(json.loads(json.dumps(to_json(decision))))
    assert found == decision
    kinds = [type(result.finding.evidence) for result in decision.results]
    assert [type(result.finding.evidence) for result in found.results] == kinds


def test_a_record_is_plain_json() -> None:
    record = to_json(made.decision())
    assert record["verdict"] == "INCONCLUSIVE"
    assert json.loads(json.dumps(record)) == record


def test_numbers_that_json_lacks_are_refused() -> None:
    bad = made.gate("a.b", "at_least", 0.5, Estimate(math.nan, None, None, 0.95, 9, "t"), Verdict.PASS)
    with pytest.raises(ValueError, match="JSON"):
        to_json(made.decision(results=(bad,)))


@pytest.mark.parametrize(("key", "value"), [("verdict", "MAYBE"), ("verdict", None), ("results", {}), ("reason", 1)])
def test_a_wrong_record_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=key):
        from_json({**to_json(made.decision()), key: value})


def test_a_record_without_its_verdict_is_refused() -> None:
    record = to_json(made.decision())
    del record["verdict"]
    with pytest.raises(ValueError, match="verdict"):
        from_json(record)
