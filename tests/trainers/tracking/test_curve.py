"""Each loss is told once, at its own step."""

from __future__ import annotations

from harness.trainers.interface import Progress
from harness.trainers.tracking.curve import Curve


def test_a_repeated_loss_is_told_at_its_own_step_only() -> None:
    curve = Curve()
    assert curve.news(Progress("train", 0, 9)) is None
    assert curve.news(Progress("train", 3, 9, loss=1.0)) == {"step": 3, "metrics": {"loss": 1.0}}
    assert curve.news(Progress("train", 3, 9, loss=1.0, validation_loss=2.0)) == {
        "step": 3,
        "metrics": {"validation_loss": 2.0},
    }
    assert curve.news(Progress("save", 3, 9, loss=1.0, validation_loss=2.0)) is None


def test_what_never_came_is_told_at_the_end() -> None:
    curve = Curve()
    curve.news(Progress("train", 2, 3, loss=1.0))
    curve.news(Progress("train", 3, 3, loss=1.0))  # an equal loss looks like a repeated one
    history = [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 1.0}, {"step": 3, "loss": 1.0, "validation_loss": 0.5}]
    assert list(curve.rest(history)) == [
        {"step": 1, "metrics": {"loss": 3.0}},
        {"step": 3, "metrics": {"loss": 1.0, "validation_loss": 0.5}},
    ]
