"""An error rate of the project's own, from the answers to the exit code: fewer errors are better everywhere."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.release_project import Project, make_project, write_rows
from tests.tgi_stub import ADAPTER, Stub, running

pytestmark = pytest.mark.filterwarnings("ignore")  # those of evaluate's own imports
N = 60
SCRIPT = '''\
import datasets
import evaluate


class ErrorRate(evaluate.Metric):
    """Wrong words for each word of the reference, as WER counts them where none moves: may exceed 1."""

    def _info(self):
        text = datasets.Value("string")
        features = datasets.Features({"predictions": text, "references": text})
        return evaluate.MetricInfo(description="", citation="", inputs_description="", features=features)

    def _compute(self, predictions, references):
        answer, target = predictions[0].split(), references[0].split()
        wrong = sum(a != b for a, b in zip(answer, target)) + abs(len(answer) - len(target))
        return {"error_rate": wrong / len(target)}
'''
RIGHT, WRONG, EMPTY = "the parcel number {} is late today", "completely other words here and there too", ""
LONG = "one word after the other and no end of them in sight"


@pytest.fixture(autouse=True)
def needs_evaluate() -> None:
    if importlib.util.find_spec("evaluate") is None:  # loading it takes long, and the gate does it anyway
        pytest.skip("needs the extra metrics")


def records(numbers: Iterable[int]) -> list[dict[str, str]]:
    """Rows with the texts that are right."""
    return [{"id": f"s{i}", "text": str(i), "target": RIGHT.format(i)} for i in numbers]


def gated(
    root: Path, ours: str, theirs: str, gate: dict[str, Any], again: str = "", **arguments: Any
) -> tuple[int, Project]:
    """The exit code of `harness gate` where the candidate always answers `ours` and the base model `theirs`.

    With `again` the base model is asked with the better of two prompts, to the other of which it answers that.
    """

    def answer(text: str, adapter: str | None) -> str:
        told = again if text.startswith("Again: ") else theirs
        return (ours if adapter == ADAPTER else told).format(text.removeprefix("Again: "))

    with running(Stub(answer=answer)) as stub:
        project = make_project(root, stub.url)
        (root / "metrics").mkdir()
        (root / "metrics/error_rate.py").write_text(SCRIPT, encoding="utf-8")
        project.suite["tasks"]["sort"] = {
            "kind": "generate", "data": "data/test.jsonl", "prompt": {"user": "{{ text }}"},
            "metrics": [{"evaluate:metrics/error_rate.py": {"better": "lower", **arguments}}],
        }  # fmt: skip
        if again:
            other = {"alternatives": [{"user": "Again: {{ text }}"}], "validation": "data/examples.jsonl"}
            project.suite["tasks"]["sort"] |= other
            write_rows(root / "data/examples.jsonl", records(range(N, N + 9)))
        project.release |= {
            "baselines": {"base": {"prompt": "best"} if again else {}},
            "gates": [{"metric": "queue.error_rate", **gate}],
        }
        project.write()
        write_rows(root / "data/test.jsonl", records(range(N)))
        return project.gate(), project


FAIL = 1
AT_MOST: dict[str, Any] = {"at_most": 0.1}
IMPROVES: dict[str, Any] = {"against": "base", "improves": True}


@pytest.mark.parametrize(
    ("ours", "theirs", "gate", "exit_code"),
    [
        (EMPTY, RIGHT, AT_MOST, FAIL),  # was PASS, "0.0 % (0.0 to 4.4 %), at most 10 %"
        (RIGHT, WRONG, AT_MOST, 0),
        (WRONG, RIGHT, IMPROVES, FAIL),  # was PASS, "+100.0 points … better than base"
        (RIGHT, WRONG, IMPROVES, 0),
    ],
)
def test_fewer_errors_are_better(tmp_path: Path, ours: str, theirs: str, gate: dict[str, Any], exit_code: int) -> None:
    found, _ = gated(tmp_path, ours, theirs, gate)
    assert found == exit_code


def test_what_is_beyond_1_ends_the_run_or_is_clipped_and_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert gated(tmp_path / "strict", LONG, RIGHT, AT_MOST)[0] == 2
    assert "scores lie between 0 and 1" in capfd.readouterr().err
    found, project = gated(tmp_path / "clipped", LONG, RIGHT, AT_MOST, clip=True)
    assert found == FAIL
    record = project.record
    assert record["results"][0]["finding"]["evidence"]["value"] == 1.0
    note = f"{N} scores of error_rate on sort were beyond its scale: each counts as the worst score (clip)"
    assert note in record["notes"]


def test_the_prompt_with_the_fewest_errors_is_the_best(tmp_path: Path) -> None:
    _, project = gated(tmp_path, RIGHT, WRONG, {"against": "base", "margin": 0.1}, again=RIGHT)
    (note,) = [note for note in project.record["notes"] if "with prompt" in note]
    assert "with prompt 2 of 2, chosen on 9 validation rows (1.000, 0.000)" in note
