"""The page of experiments: every training is named and drawn, and nothing that a name holds becomes HTML."""

from __future__ import annotations

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.report.experiments.page import build_experiments, build_failure
from harness.report.experiments.view import Compared, Contestant
from harness.report.render import render_page

HISTORY = [
    {"step": 0, "epoch": 0.0, "validation_loss": 3.0},
    *({"step": step, "epoch": step / 8, "loss": 3.0 / step} for step in range(1, 9)),
    {"step": 8, "epoch": 1.0, "validation_loss": 0.5},
]
MANIFEST = {"history": HISTORY, "best_step": 8, "rows": 60, "wall_seconds": 70.0, "warnings": ["Spikes: one."]}


def compared(name: str = "slow") -> Compared:
    own = Estimate(0.9, 0.85, 0.94, 0.95, 200, "Wilson")
    less = Comparison(0.7, 0.9, -0.2, -0.27, -0.13, 0.95, 200, "Tango")
    contestants = (
        Contestant(name, name, None, 0.5, {"s.accuracy": own}, None, 70.0, 4000, 1.5, manifest=MANIFEST),
        Contestant("b@step-4", "b", 4, 0.7, {"s.accuracy": own}, less, 60.0, 4000, manifest=MANIFEST),
        Contestant("b@step-8", "b", 8, 0.6, {"s.accuracy": Unestimable("no samples")}, Unestimable("no samples")),
        Contestant("c", "c", failed="Training failed: the training loss did not fall."),
    )
    return Compared("shop", "s.accuracy", contestants, name, f"{name} goes on.", ("a note",), 0.95, "EUR")


def page(name: str = "slow") -> str:
    return render_page("experiments.html", build_experiments(compared(name)))


def test_the_page_has_the_table_and_a_curve_for_each_training() -> None:
    found = page()
    assert "slow goes on." in found
    assert "90.0" in found
    assert "−20.0" in found
    assert "not measured" in found
    assert "a note" in found
    assert "It failed: Training failed: the training loss did not fall." in found
    assert found.count('<section id="training-') == 3, "checkpoints share the curve of their training"
    assert found.count("<figure") == 2
    assert "Spikes: one." in found


def test_a_name_is_text_and_no_html() -> None:
    assert "<script>alert" not in page("<script>alert(1)</script>")


def test_a_training_that_failed_has_a_page_of_its_own() -> None:
    found = render_page("experiments.html", build_failure("shop", {"history": HISTORY}, "It failed."))
    assert "It failed." in found
    assert "<figure" in found
    assert "Side by side" not in found
