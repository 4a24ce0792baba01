"""Metrics of Hugging Face's evaluate, run for real: scripts of our own, from a folder and over HTTP as from the hub."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness import catalog
from harness.core.directions import Better
from harness.core.errors import ConfigError, OutsideError
from harness.core.runs import MetricInfo
from harness.core.samples import Output, Sample, Score
from harness.core.suites import Generation, MetricSpec, Prompt, Task
from harness.metrics.evaluate import Evaluate
from harness.pipeline.running.answers import metric_infos, score_task
from tests.metrics.made import failed, lost, scored

HIGHER = Better.HIGHER
pytestmark = pytest.mark.filterwarnings("ignore")  # those of evaluate's own imports
SCRIPT = """\
import datasets
import evaluate


class Overlap(evaluate.Metric):
    def _info(self):
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description="", citation="", inputs_description="",
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(self, predictions, references, case=True):
        answer, target = predictions[0], references[0]
        if not case:
            answer, target = answer.lower(), target.lower()
        if answer == "raise":
            raise RuntimeError("no such word")
        common = len(set(answer.split()) & set(target.split()))
        return RESULT
"""
ONE = '{"overlap": common / len(target.split())}'
SEVERAL = '{"overlap": common / len(target.split()), "percent": [100 * common / len(target.split())], "text": "x"}'


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("evaluate")
    return str(tmp_path_factory.mktemp("cache"))


def script(folder: Path, name: str, result: str) -> Path:
    """A metric's folder with its script."""
    (folder / name).mkdir()
    (folder / name / f"{name}.py").write_text(SCRIPT.replace("RESULT", result), encoding="utf-8")
    return folder / name


def test_the_only_number_of_a_script_is_the_score_of_each_sample(tmp_path: Path, cache: str) -> None:
    metric = Evaluate(str(script(tmp_path, "overlap", ONE)), better=HIGHER, cache=cache)
    items = [scored("a b c d", "a b"), scored("a b", "a b", "a", 1), failed("a"), lost("a"), scored("A", "a", "c")]
    assert metric.score(items) == [
        Score("a", "overlap", 0.5),
        Score("a", "overlap", 1.0, repeat=1),
        Score("f", "overlap", 0.0, reason="the text is not JSON"),
        Score("l", "overlap", None, reason="connection reset"),
        Score("c", "overlap", 0.0),
    ]


def test_key_scale_and_arguments(tmp_path: Path, cache: str) -> None:
    folder = str(script(tmp_path, "shared", SEVERAL))
    metric = Evaluate(folder, key="percent", scale=100, arguments={"case": False}, better=HIGHER, cache=cache)
    assert metric.score([scored("A B C D", "a")]) == [Score("a", "shared_percent", 0.25)]


def test_a_script_file_is_a_metric_too(tmp_path: Path, cache: str) -> None:
    metric = Evaluate(str(script(tmp_path, "single", ONE) / "single.py"), better=HIGHER, cache=cache)
    assert metric.score([scored("a b", "a")]) == [Score("a", "single", 0.5)]


def test_a_changed_script_is_read_anew(tmp_path: Path, cache: str) -> None:
    metric = Evaluate(str(script(tmp_path, "edited", ONE)), better=HIGHER, cache=cache)
    assert metric.score([scored("a b", "a")])[0].value == 0.5
    (tmp_path / "edited/edited.py").write_text(SCRIPT.replace("RESULT", '{"overlap": 0.125}'), encoding="utf-8")
    assert metric.score([scored("a b", "a")])[0].value == 0.125


def test_nan_is_no_score(tmp_path: Path, cache: str) -> None:
    metric = Evaluate(str(script(tmp_path, "undefined", '{"x": float("nan")}')), better=HIGHER, cache=cache)
    (found,) = metric.score([scored("a", "a")])
    assert (found.value, found.reason) == (None, "undefined is not a number here")


def test_rounding_above_one_is_one(tmp_path: Path, cache: str) -> None:
    metric = Evaluate(str(script(tmp_path, "rounded", '{"x": 1.0000001}')), better=HIGHER, cache=cache)
    assert metric.score([scored("a", "a")])[0].value == 1.0


def test_where_lower_is_better_a_failed_sample_gets_the_worst_score(tmp_path: Path, cache: str) -> None:
    metric = Evaluate(str(script(tmp_path, "wrong", '{"x": 1 - common}')), Better.LOWER, cache=cache)
    found = metric.score([scored("a", "a"), failed("a"), lost("a")])
    assert [one.value for one in found] == [0.0, 1.0, None]


def test_a_word_error_rate_beyond_1_counts_as_1_where_that_is_asked_for(tmp_path: Path, cache: str) -> None:
    folder = str(script(tmp_path, "beyond", '{"x": len(answer.split()) / len(target.split())}'))
    metric = Evaluate(folder, Better.LOWER, clip=True, cache=cache)
    found = metric.score([scored("a b", "x y z"), scored("a b", "x", "b"), scored("a b", "x y", "c")])
    assert [(one.value, one.reason) for one in found] == [
        (1.0, "1.5 counts as the worst score (clip)"), (0.5, None), (1.0, None),
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=r"gave 1.5 .* or count what is beyond 1 as 1 with 'clip: true'"):
        Evaluate(folder, Better.LOWER, cache=cache).score([scored("a b", "x y z")])


@pytest.mark.parametrize(("better", "result"), [(Better.HIGHER, "1.5"), (Better.LOWER, "-0.5")])
def test_what_is_better_than_the_best_is_never_clipped(tmp_path: Path, cache: str, better: Better, result: str) -> None:
    folder = str(script(tmp_path, f"too_good_{better}", f'{{"x": {result}}}'))
    with pytest.raises(ConfigError, match="scores lie between 0 and 1"):
        Evaluate(folder, better, clip=True, cache=cache).score([scored("a", "a")])


@pytest.mark.parametrize(
    ("result", "key", "answer", "said"),
    [
        (SEVERAL, None, "a", "gives not exactly one number (it gives: overlap, percent). Name one with 'key'."),
        (SEVERAL, "text", "a", "gives no number 'text' (it gives: overlap, percent)."),
        ('{"text": "x"}', None, "a", "gives not exactly one number (it gives: none)."),
        ('{"x": 37.5}', None, "a", "gave 37.5 for the sample a; scores lie between 0 and 1. Give the largest"),
        ('{"x": -0.1}', None, "a", "gave -0.1 for the sample a;"),
        ('{"x": float("inf")}', None, "a", "gave inf for the sample a;"),
        (ONE, None, "raise", "failed on the sample a: RuntimeError: no such word"),
        ("nothing", None, "a", "failed on the sample a: NameError:"),
        ("(", None, "a", "could not be loaded: SyntaxError:"),
    ],
)
def test_a_script_that_gives_no_score_is_an_error(
    tmp_path: Path, cache: str, result: str, key: str | None, answer: str, said: str
) -> None:
    metric = Evaluate(str(script(tmp_path, "odd", result)), key=key, better=HIGHER, cache=cache)
    with pytest.raises(ConfigError) as raised:
        metric.score([scored("a", answer)])
    assert said in str(raised.value)


def test_what_cannot_be_loaded_is_told_beforehand(tmp_path: Path, cache: str) -> None:
    folder = script(tmp_path, "broken", ONE)
    Evaluate(str(folder), better=HIGHER, cache=cache).prepare()
    (folder / "broken.py").write_text("import a_package_that_is_not_there\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="a_package_that_is_not_there"):
        Evaluate(str(folder), better=HIGHER, cache=cache).prepare()


class _Hub(BaseHTTPRequestHandler):
    """One metric as the hub serves it."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        found = self.path == "/spaces/evaluate-metric/hubbed/resolve/v1/hubbed.py"
        body = SCRIPT.replace("RESULT", ONE).encode() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(cache: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A hub on this machine; gives the paths that are asked for."""
    from evaluate import config

    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Hub", (_Hub,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(config, "HUB_EVALUATE_URL", address + "/spaces/{path}/resolve/{revision}/{name}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_name_is_loaded_from_the_hub_at_its_revision(hub: list[str], cache: str) -> None:
    metric = Evaluate("hubbed", revision="v1", better=HIGHER, cache=cache)
    assert metric.score([scored("a b", "a")]) == [Score("a", "hubbed", 0.5)]
    assert set(hub) == {"/spaces/evaluate-metric/hubbed/resolve/v1/hubbed.py"}, "and nothing else is told to anyone"


def test_a_name_that_the_hub_lacks_is_the_outsides_fault(hub: list[str], cache: str) -> None:
    with pytest.raises(OutsideError, match="the metric 'nowhere' could not be loaded"):
        Evaluate("nowhere", better=HIGHER, cache=cache).score([scored("a", "a")])
    assert hub


def test_a_script_of_ones_own_needs_no_network(hub: list[str], tmp_path: Path, cache: str) -> None:
    Evaluate(str(script(tmp_path, "offline", ONE)), better=HIGHER, cache=cache).score([scored("a", "a")])
    assert hub == []


@pytest.mark.parametrize(
    ("path", "key", "name"),
    [("rouge", "rougeL", "rouge_rougel"), ("metrics/overlap", None, "overlap"), ("a/overlap.py", "f1", "overlap_f1")],
)
def test_its_name_is_the_last_part_of_the_path_and_the_key(path: str, key: str | None, name: str) -> None:
    assert Evaluate(path, HIGHER, key=key).name == name


def test_a_scale_must_be_above_zero() -> None:
    found = [Evaluate("x", HIGHER, scale=scale).check() == [] for scale in (1.0, 0.0, -1.0, math.nan)]
    assert found == [True] + [False] * 3


def test_the_pipeline_scores_by_the_script_under_the_metrics_name(tmp_path: Path, cache: str) -> None:
    arguments = {"path": str(script(tmp_path, "piped", SEVERAL)), "key": "overlap", "better": "lower", "cache": cache}
    specs = (MetricSpec("piped_overlap", arguments, "evaluate", "digest"), MetricSpec("format"))
    prompt = Prompt("{{ text }}")
    task = Task("t", "generate", {}, (Sample("s", {}, "a b"),), (), prompt, Generation(), specs, "target", "digest")
    assert metric_infos(task) == (
        MetricInfo("piped_overlap", "mean", 2, better=Better.LOWER),
        MetricInfo("format", "rate", 3),
    )
    found = score_task(task, catalog.build("tasks", "generate", {}), task.samples, [Output("s", "a", "stop")])
    assert found.scores == (Score("s", "piped_overlap", 0.5), Score("s", "format", 1.0))
