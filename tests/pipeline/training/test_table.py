"""Of several trainings the best one goes on, by the number that was asked for, and what is not sure is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.core.directions import Better
from harness.core.errors import OutsideError
from harness.core.estimates import Comparison, Estimate
from harness.core.presentation import Prices
from harness.core.releases import Experiments, Release
from harness.core.runs import TaskResult
from harness.core.trainings import Experiment, Training
from harness.pipeline.chosen import Failed, Trained
from harness.pipeline.training.table import table_of
from harness.pipeline.workspace import Workspace
from harness.report.experiments.text import lines
from harness.report.experiments.view import Compared, to_json
from tests.pipeline import hand_made
from tests.pipeline.hand_made import result, some

SURE = 60  # samples, of which the better one has many more right


def asked(root: Path, choose: str = "s.accuracy") -> Release:
    found = hand_made.release()
    training = Training(root / "lora.yaml", root / "train.jsonl", None)
    runs = tuple(Experiment(name, training) for name in ("a", "b", "c"))
    return replace(
        found,
        root=root,
        experiments=Experiments(runs, found.suites, choose),
        prices=Prices("EUR", training_hour=3.0),
    )


def trained(release: Release, name: str, loss: float | None) -> Trained:
    home = Workspace(release.root).state / "training" / name
    home.mkdir(parents=True, exist_ok=True)
    losses = [] if loss is None else [{"step": 4, "epoch": 1.0, "validation_loss": loss}]
    told: dict[str, Any] = {
        "best_step": 4, "history": [{"step": 1, "epoch": 0.2, "loss": 3.0}, *losses], "wall_seconds": 1200.0,
        "tokens_trained": 5000, "warnings": [f"said of {name}"],
    }  # fmt: skip
    (home / "manifest.json").write_text(json.dumps(told))
    return Trained(name, name, f"training/{name}", name * 64)


def table(
    release: Release, results: dict[str, TaskResult | None], losses: dict[str, float | None], *failed: Failed
) -> Compared:
    material = {name: {"s": hand_made.judged(name, found)} for name, found in results.items() if found}
    every = [trained(release, name, losses.get(name)) for name in results]
    return table_of(release, every, failed, ["a warning"], material)


def test_the_highest_metric_goes_on_with_its_interval(tmp_path: Path) -> None:
    found = table(
        asked(tmp_path),
        {"a": result(some(20, SURE)), "b": result(some(55, SURE)), "c": result(some(25, SURE))},
        {"a": 0.1, "b": 0.9, "c": 0.5},
    )
    assert found.chosen == "b"
    assert [one.name for one in found.contestants] == ["b", "c", "a"]
    best, second, _ = found.contestants
    own = best.metrics["s.accuracy"]
    assert isinstance(own, Estimate)
    assert own.low is not None
    assert own.low < own.value == 55 / SURE
    assert isinstance(second.difference, Comparison)
    assert second.difference.difference == pytest.approx(-30 / SURE)
    assert "All others are shown to be worse" in found.verdict
    assert best.cost == pytest.approx(1.0)


def test_a_winner_that_is_not_shown_to_be_better_is_said(tmp_path: Path) -> None:
    found = table(asked(tmp_path), {"a": result(some(40, SURE)), "b": result(some(42, SURE))}, {"a": 0.2, "b": 0.3})
    assert found.chosen == "b"
    assert "No clear winner: the intervals overlap, and a may be as good" in found.verdict


def test_among_equals_the_lower_loss_decides_then_the_place(tmp_path: Path) -> None:
    same = {name: result(some(40, SURE)) for name in ("a", "b", "c")}
    assert table(asked(tmp_path), same, {"a": 0.3, "b": 0.2, "c": 0.2}).chosen == "b"
    found = table(asked(tmp_path), same, {})
    assert found.chosen == "a"
    assert "its place in the list decided" in found.verdict


def test_by_validation_loss_the_lowest_goes_on(tmp_path: Path) -> None:
    release = asked(tmp_path, "validation_loss")
    found = table(release, {"a": None, "b": None, "c": None}, {"a": 0.3, "b": 0.2, "c": None})
    assert found.chosen == "b"
    assert "0.2000, is the lowest of 3; a comes next with 0.3000" in found.verdict
    assert any("without an interval" in note for note in found.notes)


def test_the_loss_is_that_of_the_step_that_was_kept(tmp_path: Path) -> None:
    release = asked(tmp_path, "validation_loss")
    every = [trained(release, "a", 0.2), trained(release, "b", 0.5)]
    manifest = Workspace(release.root).state / "training/a/manifest.json"
    told = json.loads(manifest.read_text())
    told["history"].append({"step": 8, "epoch": 2.0, "validation_loss": 0.9})
    manifest.write_text(json.dumps(told))
    found = table_of(release, every, [], [], {})
    assert (found.chosen, found.contestants[0].loss) == ("a", 0.2)


def test_what_has_no_number_is_never_chosen(tmp_path: Path) -> None:
    found = table(asked(tmp_path), {"a": None, "b": result(some(1, SURE))}, {"a": 0.1, "b": 0.9})
    assert found.chosen == "b"
    with pytest.raises(OutsideError, match=r"Nothing can be chosen by s\.accuracy: a"):
        table(asked(tmp_path), {"a": None}, {"a": 0.1})
    with pytest.raises(OutsideError, match="Nothing can be chosen by validation_loss"):
        table(asked(tmp_path, "validation_loss"), {"a": None}, {})


def test_lost_requests_choose_nothing(tmp_path: Path) -> None:
    lost = result(some(50, SURE), lost=9)
    with pytest.raises(OutsideError, match=r"were not evaluated.*Nothing was chosen"):
        table(asked(tmp_path), {"a": lost, "b": result(some(1, SURE))}, {})


def test_a_failed_experiment_is_listed_with_its_reason(tmp_path: Path) -> None:
    failed = Failed("c", "Training failed: the training loss is not a finite number at step 3.", "training/c", True)
    found = table(asked(tmp_path), {"a": result(some(40, SURE)), "b": result(some(20, SURE))}, {}, failed)
    assert [one.name for one in found.contestants] == ["a", "b", "c"]
    assert found.contestants[-1].failed.endswith("at step 3.")
    shown = "\n".join(lines(found, 120))
    assert "c: failed: Training failed" in shown
    assert "a: said of a" in shown


def test_the_screen_and_the_json_say_all_of_it(tmp_path: Path) -> None:
    found = table(asked(tmp_path), {"a": result(some(40, SURE)), "b": result(some(20, SURE))}, {"a": 0.25, "b": 0.5})
    shown = lines(found, 120)
    assert len(shown) < 25
    assert shown[1].startswith("*  a ")
    assert "0.2500" in shown[1]
    assert "1.00" in shown[1]
    assert any("flattered by the choice" in line for line in shown)
    assert any("a warning" in line for line in shown)
    told = json.loads(json.dumps(to_json(found)))
    assert told["chosen"] == "a"
    assert told["contestants"][1]["difference"]["difference"] == pytest.approx(-20 / SURE)


def test_of_an_error_rate_the_lowest_goes_on(tmp_path: Path) -> None:
    infos = tuple(replace(info, better=Better.LOWER) if info.name == "f1" else info for info in hand_made.METRICS)
    found = asked(tmp_path, "s.f1")
    every = [trained(found, name, None) for name in ("a", "b")]
    material = {
        name: {"s": replace(one, run=replace(one.run, metrics={"t": infos}))}
        for name, one in ((n, hand_made.judged(n, result(some(right, SURE)))) for n, right in (("a", 20), ("b", 55)))
    }
    chosen = table_of(found, every, (), [], material)
    assert chosen.chosen == "a"
    assert "its s.f1, 33.3\u00a0%" in chosen.verdict
    assert "is the lowest of 2" in chosen.verdict
    assert "All others are shown to be worse" in chosen.verdict
    second = chosen.contestants[1].difference
    assert isinstance(second, Comparison)
    assert second.difference == pytest.approx(-35 / SURE)
