"""The training on the page."""

from __future__ import annotations

import pytest

from harness.report.internal.training import series, thinned, training_part
from tests.report import made
from tests.report.internal.reading import texts


def test_the_step_that_was_kept_is_marked() -> None:
    part = training_part(made.training())
    assert part is not None
    assert part.losses is not None
    assert "105 (kept)" in [row[0] for row in texts(part.losses.table)]
    facts = {fact.term: fact.text.replace("\u00a0", " ") for fact in part.facts}
    assert facts["Rows"] == "train: 600, validation: 90"
    assert facts["Took"] == "8 min 32 s"
    assert len(part.warnings) == 1


@pytest.mark.parametrize(
    "manifest",
    [{}, {"history": None}, {"history": [3, {"step": 1}], "rows": True, "best_step": "x", "wall_seconds": None}],
)
def test_a_manifest_may_lack_anything(manifest: dict[str, object]) -> None:
    part = training_part(manifest)
    assert part is not None
    assert part.losses is None


def test_a_loss_that_is_no_number_is_left_out() -> None:
    history = [{"step": 1, "loss": float("nan")}, {"step": 2, "loss": 1.0}]
    assert series(history, "loss") == [(2.0, 1.0)]
    part = training_part({"history": history, "warnings": "none"})
    assert part is not None
    assert part.warnings == ()
    assert part.losses is not None
    assert part.losses.figure is None, "one point is no curve"


def test_a_given_adapter_has_no_training() -> None:
    assert training_part(None) is None


def test_a_long_curve_keeps_its_ends() -> None:
    points = [(float(step), 1.0) for step in range(10_000)]
    kept = thinned(points)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert len(kept) <= 402


def test_what_a_training_used_is_told_or_why_it_is_not_known() -> None:
    used = {"device_name": "A <b>chip", "peak_memory_bytes": 3 * 2**29, "energy_joules": 1.8e6, "energy_reason": ""}
    part = training_part(used)
    assert part is not None
    facts = {fact.term: (fact.text, fact.detail) for fact in part.facts}
    assert facts["Device"][0] == "A <b>chip"
    assert facts["Peak memory"][0] == "1.50 GiB"
    assert facts["Energy"][0] == "0.500 kWh"
    unknown = training_part({"energy_joules": None, "energy_reason": "no driver here tells the energy"})
    assert unknown is not None
    assert [(fact.term, fact.text, fact.detail) for fact in unknown.facts] == [
        ("Energy", "not known", "no driver here tells the energy")
    ]
