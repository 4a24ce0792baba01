"""What stands on the page, before it is HTML."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markupsafe import Markup

from harness.core.verdicts import Verdict
from harness.report.internal.view import InternalView, build_internal
from harness.report.words import SPACE
from tests.report import made
from tests.report.internal.reading import leaves


@pytest.fixture(scope="module")
def view() -> InternalView:
    return build_internal(made.material())


def test_what_was_tested_is_said(view: InternalView) -> None:
    facts = {fact.term: fact.text.replace(SPACE, " ") for fact in view.facts}
    assert facts["Candidate"].startswith("adapter ")
    assert facts["Compared with"] == "base (4 examples in the prompt)"
    assert facts["Suites"] == "triage, orders, summaries, general"
    assert facts["Decided"] == "22 November 2026, 03:21 UTC"


def test_templates_have_nothing_to_compute(view: InternalView) -> None:
    """Numbers are texts by now: what is left is truth values, counts of anchors and drawings."""
    kinds = {type(leaf) for leaf in leaves(view)}
    assert float not in kinds
    assert kinds <= {str, bool, int, type(None), Markup}


def test_nothing_but_a_decision_makes_a_page() -> None:
    bare = made.material(
        decision=made.decision(Verdict.ERROR, ()),
        runs={}, suites=(), training=None, speed=(), costs=(), history=(), data=None,
    )  # fmt: skip
    view = build_internal(bare)
    nothing = (view.training, view.models, view.speed, view.costs, view.history, view.waivers)
    assert nothing == (None,) * 6
    assert [*view.suites, *view.comparisons, *view.changes, *view.failures, *view.gates.gates, *view.data] == []


def test_too_many_notes_are_counted() -> None:
    decision = replace(made.decision(), notes=tuple(f"note {i}" for i in range(50)))
    notes = build_internal(made.material(decision=decision)).notes
    assert len(notes) == 41
    assert notes[-1].replace(SPACE, " ") == "10 more notes; harness store query has them."


def test_the_same_material_gives_the_same_view(view: InternalView) -> None:
    assert build_internal(made.material()) == view
