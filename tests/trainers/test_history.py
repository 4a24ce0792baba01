"""A run that learned nothing is never taken for one that did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.trainers.axolotl import history as losses_of
from harness.trainers.axolotl.diagnosis import warnings
from harness.trainers.axolotl.history import History, read


def history(
    tmp_path: Path, losses: list[float], validation: dict[int, float] | None = None, gradients: float = 1.0
) -> History:
    rows: list[dict[str, float]] = [
        {"step": step, "epoch": step / 10, "loss": loss, "grad_norm": gradients, "tokens/total": step * 100}
        for step, loss in enumerate(losses, 1)
    ]
    rows += [{"step": step, "epoch": step / 10, "eval_loss": loss} for step, loss in (validation or {}).items()]
    state = tmp_path / "trainer_state.json"
    state.write_text(json.dumps({"log_history": rows}))
    return read(state)


def why_failed(found: History) -> str | None:
    return losses_of.why_failed(found, validated=bool(found.validation))


FALLING = [3.0, 2.5, 2.8, 2.0, 1.5, 1.7, 1.0, 0.8, 0.9, 0.5]
RISING = FALLING[::-1]
NAN = float("nan")


def test_a_falling_loss_is_learning(tmp_path: Path) -> None:
    assert why_failed(history(tmp_path, FALLING)) is None
    assert why_failed(history(tmp_path, FALLING, {0: 3.0, 10: 0.6})) is None


@pytest.mark.parametrize("losses", [RISING, [1.0] * 10, [1.0], [2.0, 2.0]])
def test_a_training_loss_that_did_not_fall_is_a_failure(tmp_path: Path, losses: list[float]) -> None:
    assert "did not fall" in (why_failed(history(tmp_path, losses)) or "")


@pytest.mark.parametrize("validation", [{0: 2.0, 5: 2.0, 10: 2.5}, {0: 2.0, 10: 2.0}])
def test_a_validation_loss_that_did_not_fall_is_a_failure(tmp_path: Path, validation: dict[int, float]) -> None:
    assert "validation loss did not fall: 2.0000" in (why_failed(history(tmp_path, FALLING, validation)) or "")


@pytest.mark.parametrize("losses", [[*FALLING, NAN], [NAN, *FALLING], [float("inf"), *FALLING]])
def test_a_loss_that_is_no_number_is_a_failure(tmp_path: Path, losses: list[float]) -> None:
    assert "not a finite number at step" in (why_failed(history(tmp_path, losses, {0: 3.0, 10: 1.0})) or "")


def test_a_broken_gradient_or_validation_is_a_failure(tmp_path: Path) -> None:
    assert "gradient" in (why_failed(history(tmp_path, FALLING, gradients=NAN)) or "")
    assert "validation" in (why_failed(history(tmp_path, FALLING, {0: 3.0, 5: NAN, 10: 1.0})) or "")


def test_no_losses_at_all_is_a_failure(tmp_path: Path) -> None:
    assert why_failed(history(tmp_path, [])) == "no training loss was logged"
    assert why_failed(history(tmp_path, [], {0: 3.0, 10: 1.0})) == "no training loss was logged"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"log_history": 3}'])
def test_a_state_that_is_not_whole_cannot_be_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises((ValueError, KeyError, TypeError, OSError)):
        read(tmp_path / "state.json")


def test_the_best_checkpoint_is_the_first_of_lowest_validation_loss_after_training(tmp_path: Path) -> None:
    found = history(tmp_path, FALLING, {0: 0.1, 4: 0.9, 6: 0.7, 8: 0.7, 10: 0.8})
    assert found.best is not None
    assert found.best.step == 6
    assert history(tmp_path, FALLING).best is None


def test_over_fitting_is_said_in_words(tmp_path: Path) -> None:
    [said] = warnings(history(tmp_path, FALLING, {0: 3.0, 4: 1.0, 10: 1.5}))
    assert said.startswith("Over-fitting: after step 4")
    assert "1.0000 to 1.5000" in said


def test_a_good_run_gives_no_warning(tmp_path: Path) -> None:
    assert warnings(history(tmp_path, FALLING, {0: 3.0, 4: 1.0, 10: 0.9})) == []
    assert warnings(history(tmp_path, FALLING, {0: 3.0, 4: 1.0, 10: 1.01})) == []  # within the noise
    assert warnings(history(tmp_path, FALLING)) == []


def test_a_run_that_diverged_after_its_best_checkpoint_is_said(tmp_path: Path) -> None:
    found = history(tmp_path, [3.0, 1.0, 1.0, 5.0, 6.0], {0: 3.0, 2: 1.0, 5: 6.0})
    assert why_failed(found) is None
    assert "diverged" in warnings(found)[0]


def test_a_step_logged_again_after_a_resume_counts_once(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    rows = [{"step": 1, "epoch": 0.1, "loss": 3.0}, {"step": 1, "epoch": 0.1, "loss": 2.0}]
    state.write_text(json.dumps({"log_history": rows}))
    assert [point.loss for point in read(state).training] == [2.0]


def test_the_history_reads_in_order_of_the_steps(tmp_path: Path) -> None:
    rows = history(tmp_path, [2.0, 1.0], {0: 3.0, 2: 1.5})
    assert rows.as_json() == [
        {"step": 0, "epoch": 0.0, "validation_loss": 3.0},
        {"step": 1, "epoch": 0.1, "loss": 2.0},
        {"step": 2, "epoch": 0.2, "loss": 1.0},
        {"step": 2, "epoch": 0.2, "validation_loss": 1.5},
    ]
    assert rows.tokens == 200


def test_a_fall_too_small_to_mean_anything_is_a_failure(tmp_path: Path) -> None:
    assert why_failed(history(tmp_path, FALLING, {0: 3.0, 10: 2.9999}))
    assert why_failed(history(tmp_path, [2.0, 1.9999]))


def test_a_validation_that_never_happened_is_a_failure(tmp_path: Path) -> None:
    for found in (history(tmp_path, FALLING), history(tmp_path, FALLING, {0: 3.0})):
        assert "no validation loss" in (losses_of.why_failed(found, validated=True) or "")
