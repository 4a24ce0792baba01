"""No text of a sample and no word of a machine leaves in a client's edition that was not asked to show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace

import pytest

from harness.core.presentation import Presentation
from harness.report.client.view import build_client
from harness.report.material import Material
from harness.report.numbers import Cluster, Unscored
from harness.report.render import render_page
from harness.report.shown import Said, Shown
from tests.report.client.made import SAY, TOLD, materials

MADE = materials()
CANARY = "kanarienvogel"


def html(found: Material) -> str:
    return render_page("client.html", build_client(found, SAY))


def planted(value: object) -> object:
    """The same with a canary in every text that samples, answers, reasons or engineers wrote."""
    if isinstance(value, Shown | Said | Cluster | Unscored):
        kept = {"outcome", "score", "latency", "size", "samples", "suite", "task"}
        return replace(value, **{f.name: sung(getattr(value, f.name)) for f in fields(value) if f.name not in kept})
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: planted(getattr(value, f.name)) for f in fields(value)})
    if isinstance(value, Mapping):
        return {key: planted(item) for key, item in value.items()}
    return tuple(map(planted, value)) if isinstance(value, tuple) else value


def sung(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: planted(item) if isinstance(item, Said) else sung(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(sung, value))
    return f"{value} {CANARY}" if isinstance(value, str) else value


def with_canaries(found: Material) -> Material:
    suites, decision = planted(found.suites), found.decision
    results = tuple(
        replace(
            one,
            sentence=CANARY,
            client_sentence=CANARY,
            finding=replace(one.finding, reason=one.finding.reason and CANARY),
        )
        for one in decision.results
    )
    decision = replace(decision, notes=(CANARY,), reason=CANARY, results=results)
    return replace(found, suites=suites, decision=decision)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", MADE)
def test_without_samples_no_text_of_one_leaves(name: str) -> None:
    found = with_canaries(MADE[name])
    assert CANARY not in html(found)
    shown = replace(found, presentation=replace(TOLD, samples=True))
    assert CANARY in html(shown)  # the canaries do sing


def test_samples_are_shown_a_few_of_each_kind_with_private_values_blacked_out() -> None:
    told = Presentation(samples=True, redact=("order_id", "text", "nowhere"))
    section = build_client(replace(MADE["pass"], presentation=told), SAY).samples
    assert section is not None
    summaries = [one.mark.word for one in section.examples if "Summaries" in one.task]
    assert set(summaries) == {"Near what was expected", "Far from what was expected"}
    orders = [one for one in section.examples if "Orders" in one.task]
    assert [one.mark.word for one in orders] == ["Right answer"] * 2 + ["Wrong answer"] * 2
    assert all(fact.text == "███" for one in orders for fact in one.texts[:1])
    assert "NL-5" not in "".join(fact.text for one in orders for fact in one.texts)
