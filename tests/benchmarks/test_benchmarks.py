"""The benchmarks measure what they say, on sizes that take seconds; how fast it is stands in results.json alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import NotHere, faults, figures, macro_f1, overhead, pytest_plugin, resume, scale
from benchmarks.__main__ import main
from benchmarks.figures import FIGURES, Figure
from benchmarks.work import check_all_evaluated, run, stub, write_project


def test_figures_are_printed_and_kept_beside_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with unit and limit; one that misses its limit is marked, and makes the exit code 1."""
    results = tmp_path / "results.json"
    results.write_text('{"other": {"value": 1, "unit": "s", "limit": 2}}')
    name = "faulty_server_request_ratio"
    monkeypatch.setattr(faults.measure, "__defaults__", (60, 0.2))
    for limit, code in ((3.0, 0), (1.01, 1)):
        monkeypatch.setattr(figures, "FIGURES", (Figure(name, "faults", "requests per sample", limit),))
        assert main([name, "--results", str(results)]) == code
        line = capsys.readouterr().out
        assert line.startswith(name)
        assert line.endswith("LIMIT NOT MET\n") == bool(code)
    kept = json.loads(results.read_text())
    assert kept["other"] == {"value": 1, "unit": "s", "limit": 2}
    assert kept[name] == {"value": kept[name]["value"], "unit": "requests per sample", "limit": 1.01}
    assert 1.01 < kept[name]["value"] < 3


def test_every_figure_is_told_by_its_module() -> None:
    found = {figure.name for figure in FIGURES}
    assert overhead.measure(samples=20, pairs=1, delay=0.0).keys() <= found
    assert scale.measure(samples=40).keys() <= found
    assert macro_f1.measure(samples=100, resamples=99, times=1).keys() <= found
    assert resume.measure(samples=400, tries=1).keys() <= found
    assert pytest_plugin.measure(pairs=1).keys() <= found


def test_a_figure_whose_model_is_not_here_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure() -> dict[str, float]:
        raise NotHere("no model")

    monkeypatch.setattr(faults, "measure", measure)
    assert main(["faulty_server_request_ratio", "--results", str(tmp_path / "results.json")]) == 0
    assert "skipped: no model" in capsys.readouterr().out
    assert not (tmp_path / "results.json").exists()


def test_an_unknown_figure_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])
    assert "unknown figure speed; known: run_overhead_ratio, " in capsys.readouterr().err


def test_a_run_that_lost_a_sample_is_no_measurement(tmp_path: Path) -> None:
    with stub() as server:
        release = write_project(tmp_path, server.url, 10)
        run(release)
    check_all_evaluated(release, 10)
    with pytest.raises(RuntimeError, match="not every one of 11 samples was scored"):
        check_all_evaluated(release, 11)
