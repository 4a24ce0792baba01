"""What a training's losses tell is said in words, with steps and numbers; a good run gives no word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.trainers.axolotl.diagnosis import warnings
from harness.trainers.axolotl.history import History, Point
from harness.trainers.axolotl.rows import Rows, rows_of


def points(losses: list[float]) -> tuple[Point, ...]:
    return tuple(Point(step, step / 10, loss) for step, loss in enumerate(losses, 1))


def history(
    losses: list[float],
    validation: dict[int, float] | None = None,
    gradients: list[float] | None = None,
    planned: int | None = None,
) -> History:
    seen = tuple(Point(step, step / 10, loss) for step, loss in (validation or {}).items())
    return History(points(losses), seen, None, None, points(gradients or []), planned)


GOOD = [3.0 / (1 + step / 5) for step in range(40)]
SPIKED = [*GOOD[:20], 9.0, *GOOD[21:]]
RISING = [3.0, 2.0, 1.0, 0.5, 0.4] * 5 + [0.4, 0.6, 0.9, 1.1, 1.3] * 3
RISING_SLOWLY = [3.0] * 6 + [1.0] * 6 + [0.5] * 6 + [0.8] * 6 + [1.2] * 6


def test_a_good_run_gives_no_word() -> None:
    assert warnings(history(GOOD, {0: 3.0, 20: 0.8, 40: 0.75}, [1.0] * 40, planned=40)) == []


@pytest.mark.parametrize(
    ("found", "word", "numbers"),
    [
        (history(GOOD[::-1]), "Divergence", ["step 1", "step 40"]),
        (history(SPIKED), "Spikes", ["step 21", "9.0000"]),
        (history(GOOD, gradients=[*[1.0] * 20, 50.0, *[1.0] * 19]), "gradient blew up", ["step 21", "50 times"]),
        (history(RISING_SLOWLY), "Rising again", ["step 18", "0.5000", "1.2000"]),
        (history(GOOD, {0: 3.0, 20: 0.8, 40: 1.2}), "Over-fitting", ["step 20", "0.8000", "1.2000"]),
        (history(GOOD, {0: 3.0, 20: 1.0, 40: 0.5}), "Still learning", ["step 20", "step 40", "0.5000"]),
        (history(GOOD, {0: 3.0, 10: 0.5, 20: 0.501, 30: 0.499, 40: 0.5}), "Plateau", ["step 10", "0.5000"]),
        (history(GOOD[:20], {0: 3.0, 10: 0.5, 20: 0.5}, planned=40), "Early stopping", ["step 20 of 40"]),
    ],
)
def test_each_trouble_is_said_once_with_its_numbers(found: History, word: str, numbers: list[str]) -> None:
    [said] = [sentence for sentence in warnings(found) if word in sentence]
    assert all(number in said for number in numbers), said


def test_small_losses_and_small_gradients_are_no_spikes() -> None:
    assert warnings(history([*[0.01] * 20, 0.05, *[0.005] * 19], gradients=[*[0.1] * 20, 1.5, *[0.1] * 19])) == []


def test_a_run_that_stopped_early_is_not_told_to_go_on() -> None:
    said = warnings(history(GOOD[:20], {0: 3.0, 10: 1.0, 20: 0.5}, planned=40))
    assert not any("epoch may help" in sentence for sentence in said)


def test_rows_that_were_left_out_or_cut_are_counted() -> None:
    said = warnings(history(GOOD), Rows((60, 45), (12, 12), 256))
    assert said == [
        "15 of 60 training rows were not used: they are longer than sequence_len (256 tokens), or have no answer to "
        "learn. Raise sequence_len, or shorten the rows."
    ]
    assert "9 of 60 training rows fill" in warnings(history(GOOD), Rows((60, 60), (12, 12), 256, cut=9))[0]


def test_the_rows_are_what_the_training_noted(tmp_path: Path) -> None:
    assert rows_of(tmp_path, 60, 12) is None
    (tmp_path / "rows.json").write_text(json.dumps({"training": 45, "validation": 6, "longest": 64, "cut": 0}))
    assert rows_of(tmp_path, 60, 12) == Rows((60, 45), (12, 6), 64)
    assert rows_of(tmp_path, 60, 0) == Rows((60, 51), (0, 0), 64), "split off the training rows"


def test_validation_rows_that_were_never_used_are_told() -> None:
    (said,) = [one for one in warnings(history(GOOD[:8], {0: 3.0})) if "validation rows" in one]
    assert "before the first step alone: 'eval_steps' lies beyond the 8 steps of this run" in said
    assert not [one for one in warnings(history(GOOD[:8], {0: 3.0, 8: 1.0})) if "validation rows" in one]
    assert not [one for one in warnings(history(GOOD[:8])) if "validation rows" in one]
