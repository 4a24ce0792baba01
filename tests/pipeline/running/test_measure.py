"""The measured phase: steady concurrency, warm-up dropped, nothing cached, nothing tried twice, failures for ever."""

from __future__ import annotations

import math
from typing import Any

import pytest

from harness.pipeline.judging.material import read_material
from harness.pipeline.judging.series import error_series, latency_series
from tests.pipeline.release_project import Project
from tests.tgi_stub import ADAPTER, Stub

MEASURE = {"concurrency": 3, "requests": 60, "warm_up": 5, "baseline": "base"}
LATENCY_GATE = {"metric": "latency.p95", "at_most": "2s", "role": "gating"}


@pytest.fixture
def measured(project: Project) -> Project:
    project.release |= {"measure": dict(MEASURE)}
    project.release["gates"].append(dict(LATENCY_GATE))
    project.write()
    return project


def results(project: Project) -> Any:
    runs = project.record["runs"]
    return read_material(project.state, {"candidate": {"measured": runs["candidate"]["measured"]}})["candidate"][
        "measured"
    ]


def test_both_models_are_measured_in_turns_after_the_warm_up(measured: Project, stub: Stub) -> None:
    assert measured.gate() == 0
    found = results(measured)
    assert {task: len(result.ids) for task, result in found.results.items()} == {"candidate": 60, "base": 60}
    phase = stub.posts("/v1/chat/completions")[120:]
    models = [body["model"] for body in phase]
    assert models[:10] == [ADAPTER] * 5 + ["tgi"] * 5  # warm-up
    turns = [models[10 + 15 * i : 25 + 15 * i] for i in range(8)]
    assert [set(turn) for turn in turns] == [
        {m} for m in (ADAPTER, "tgi", "tgi", ADAPTER, ADAPTER, "tgi", "tgi", ADAPTER)
    ]
    assert found.run.figures["candidate.requests_per_second"] > 0
    assert found.run.figures["base.tokens_per_second"] > 0


def test_never_more_in_flight_than_declared(measured: Project, stub: Stub) -> None:
    stub.delay = 0.002
    assert measured.call("run", "-q") == 0
    stub.most_in_flight = 0
    measured.release["measure"] |= {"concurrency": 2}
    measured.write()
    assert measured.call("run", "-q") == 0
    assert stub.most_in_flight == 2


def test_a_failure_is_a_latency_without_end_and_is_not_tried_again(measured: Project, stub: Stub) -> None:
    assert measured.call("run", "-q") == 0
    asked = len(stub.chat_texts)
    measured.release["measure"] |= {"warm_up": 0}
    measured.write()
    stub.refused = lambda text: 503 if text == "message 7 about shipping" else None
    assert measured.gate() == 3
    assert len(stub.chat_texts) - asked == 120
    found = results(measured)
    for result in found.results.values():
        assert error_series(result).values.sum() == 1
        assert sum(math.isinf(value) for value in latency_series(result, 0.95).values) == 1


def test_a_second_gate_measures_nothing_again(measured: Project, stub: Stub) -> None:
    assert measured.gate() == 0
    asked = len(stub.chat_texts)
    assert measured.gate() == 0
    assert len(stub.chat_texts) == asked


def test_a_slow_model_does_not_pass(measured: Project, stub: Stub) -> None:
    measured.release["gates"][-1]["at_most"] = "20ms"
    measured.write()
    stub.delay = 0.03
    assert measured.gate() == 1


def test_a_gate_on_latency_has_a_measured_phase_without_being_told(project: Project) -> None:
    project.release["gates"].append(dict(LATENCY_GATE))
    project.write()
    assert project.gate() == 0
    assert {task: len(r.ids) for task, r in results(project).results.items()} == {"candidate": 80, "base": 80}


def test_without_a_gate_or_a_section_nothing_is_measured(project: Project, stub: Stub) -> None:
    assert project.gate() == 0
    assert len(stub.chat_texts) == 120


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"requests": 58}, "59"),
        ({"suites": ["quue"]}, "quue"),
        ({"baseline": "bse"}, "bse"),
        ({"concurrency": 0}, "1"),
    ],
)
def test_what_can_not_be_measured_is_told(
    measured: Project, change: dict[str, Any], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    measured.release["measure"] |= change
    measured.write()
    assert measured.call("validate") == 2
    assert line in capsys.readouterr().err
