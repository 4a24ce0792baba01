"""A finished bundle: as it was, or refused; equal runs give equal bytes."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.core.samples import Score
from harness.store import bundle
from harness.store.parts import FILES, FORMAT
from tests.store.made import RUN, finished, other, results


def test_a_bundle_reads_back_as_it_was_written(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run")
    assert bundle.is_finished(folder)
    assert bundle.read_run(folder) == RUN
    assert bundle.read_results(folder) == results()


def test_a_bundle_without_manifest_is_not_finished(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run")
    (folder / bundle.MANIFEST).unlink()
    assert not bundle.is_finished(folder)


@pytest.mark.parametrize("name", FILES[FORMAT])
@pytest.mark.parametrize("change", ["edit", "remove"])
def test_a_changed_part_is_refused_by_name(tmp_path: Path, name: str, change: str) -> None:
    folder = finished(tmp_path / "run")
    if change == "edit":
        (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    else:
        (folder / name).unlink()
    with pytest.raises(OutsideError, match=rf"was changed after its run: {name}\."):
        bundle.read_run(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [('"proven: ', '"Proven: '), ('"scored": 2', '"scored": 9'), ('"few_shot": 2', '"few_shot": 0'), ("{", "")],
)
def test_a_changed_manifest_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = finished(tmp_path / "run") / bundle.MANIFEST
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(OutsideError, match=r"was changed after its run: manifest\.json"):
        bundle.read_run(path.parent)


def test_every_changed_part_is_named_at_once(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run")
    for name in ("answers.jsonl", "scores.parquet"):
        (folder / name).write_text("")
    with pytest.raises(OutsideError, match=r"answers\.jsonl, scores\.parquet"):
        bundle.read_run(folder)


def test_a_score_that_is_no_number_never_makes_a_finished_bundle(tmp_path: Path) -> None:
    first, _ = results()
    broken = type(first)(first.task, first.samples, first.outputs, first.answers, (Score("s1", "m", float("nan")),))
    with pytest.raises(ValueError, match="JSON"):
        finished(tmp_path, given=(broken,))
    assert not bundle.is_finished(tmp_path)


def test_equal_results_give_equal_bytes(tmp_path: Path) -> None:
    first, second = finished(tmp_path / "a"), finished(tmp_path / "b", other(started="later", seconds=9.0))
    for name in FILES[FORMAT]:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_other_latencies_change_the_outputs_alone(tmp_path: Path) -> None:
    given = tuple(
        replace(one, outputs=tuple(replace(output, latency=9.0, attempts=4) for output in one.outputs))
        for one in results()
    )
    first, second = finished(tmp_path / "a"), finished(tmp_path / "b", given=given)
    differing = [name for name in FILES[FORMAT] if (first / name).read_bytes() != (second / name).read_bytes()]
    assert differing == ["outputs.jsonl"]


def test_the_recipe_is_kept_and_guarded(tmp_path: Path) -> None:
    bundle.finish(tmp_path, RUN, results(), {"seed": 42})
    assert bundle.read_run(tmp_path) == RUN
    path = tmp_path / bundle.MANIFEST
    assert json.loads(path.read_text())["recipe"] == {"seed": 42}
    path.write_text(path.read_text().replace('"seed": 42', '"seed": 43'))
    with pytest.raises(OutsideError, match=r"changed after its run: manifest\.json"):
        bundle.read_run(tmp_path)


def test_a_bundle_of_a_newer_harness_is_told(tmp_path: Path) -> None:
    path = finished(tmp_path) / bundle.MANIFEST
    path.write_text(path.read_text().replace('"format": 2', '"format": 3'))
    with pytest.raises(OutsideError, match=r"newer harness \(format 3; this one knows 2\)"):
        bundle.read_run(tmp_path)


def test_a_task_without_scores_and_a_run_without_any_are_bundles(tmp_path: Path) -> None:
    none = tuple(replace(one, scores=()) for one in results())
    assert bundle.read_results(finished(tmp_path, given=none)) == none


def test_repeats_and_what_came_with_them_read_back(tmp_path: Path) -> None:
    first, _ = results()
    again = tuple(replace(one, repeat=1, attempts=3, cached=True) for one in first.outputs)
    given = replace(
        first,
        samples=tuple(replace(one, origin="s0") for one in first.samples),
        outputs=tuple(one for pair in zip(first.outputs, again, strict=True) for one in pair),
        answers=tuple(replace(one, repeat=r) for one in first.answers for r in (0, 1)),
        scores=tuple(replace(one, repeat=r) for one in first.scores for r in (0, 1)),
    )
    assert bundle.read_results(finished(tmp_path, given=(given,))) == (given,)


def test_a_large_bundle_is_never_held_as_text(tmp_path: Path) -> None:
    given = results([f"{i} " + "x" * 2000 for i in range(5_000)])
    tracemalloc.start()
    bundle.finish(tmp_path, RUN, given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "outputs.jsonl").stat().st_size > 10_000_000
    assert peak < 2_000_000
