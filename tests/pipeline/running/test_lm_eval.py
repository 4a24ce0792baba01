"""lm-eval asks the deployed model and its figures are kept sample by sample; an interrupted task goes on."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lm_eval")
pytest.importorskip("transformers")

from harness.client.interface import Limits
from harness.client.tgi import TgiClient
from harness.core.errors import ConfigError, OutsideError
from harness.core.runs import TaskResult
from harness.core.samples import Outcome
from harness.core.suites import MetricSpec, Task
from harness.pipeline.running.lm_eval_results import task_result
from harness.pipeline.running.lm_eval_run import LmEvalResult, run_lm_eval
from harness.store.memo import Memo
from harness.tasks.lm_eval import LmEval
from tests.pipeline.release_project import Project
from tests.tgi_stub import ADAPTER, Stub, running, words

TASK = """\
task: tiny
dataset_path: json
dataset_kwargs: {data_files: {test: data/facts.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_choice: "{{choices}}"
doc_to_target: answer
target_delimiter: " "
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
metadata: {version: 1.0}
"""
FACTS = [
    ("France", "Paris", "Rome"),
    ("Italy", "Rome", "Oslo"),
    ("Norway", "Oslo", "Paris"),
    ("Spain", "Madrid", "Oslo"),
]
PRIME = 9973


class Words(Stub):
    """The stub with ids as small as a tokenizer's."""

    async def _generate(self, body: Any) -> Any:
        reply: Any = await super()._generate(body)
        for token in (*reply["details"]["prefill"], *reply["details"]["tokens"]):
            token["id"] = token["id"] % PRIME
        return reply


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    quick = partial(Limits, attempts=3, first_pause=0.01, longest_pause=0.02, patience=0.5, health=30.0)
    monkeypatch.setattr("harness.pipeline.running.session.Limits", quick)
    with running(Words()) as stub:
        yield stub


def write_word_tokenizer(base: Path) -> None:
    """The stub's tokens as a tokenizer: a word with the space before it, numbered by its checksum."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    texts = [f"Question: {question}\nAnswer: {right} {wrong} Question:" for question, right, wrong in FACTS]
    found = [word for text in texts for word in words(text)]
    vocab = {"<unk>": 0, "<eos>": 1} | {word: zlib.crc32(word.encode()) % PRIME for word in found}
    tokenizer = Tokenizer(models.WordLevel(vocab=vocab, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\s?\S+|\s"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens(["<eos>"])
    tokenizer.save(str(base / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<eos>", "unk_token": "<unk>"}
    (base / "tokenizer_config.json").write_text(json.dumps(settings))
    (base / "config.json").write_text(json.dumps({"model_type": "llama", "max_position_embeddings": 512}))


@pytest.fixture
def project(project: Project) -> Project:
    """The project with a suite of one lm-eval task: four questions."""
    (project.root / "lm").mkdir()
    (project.root / "lm/tiny.yaml").write_text(TASK)
    rows = [{"id": f"q{i}", "question": q, "choices": [b, a], "answer": 1} for i, (q, a, b) in enumerate(FACTS)]
    (project.root / "data/facts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_word_tokenizer(project.root / "base")
    project.suite["tasks"] = {"facts": {"kind": "lm_eval", "task": "tiny", "include": "lm", "metrics": ["accuracy"]}}
    project.write()
    return project


def likes(word: str) -> float:
    """Paris over Rome over Oslo over all else: right about France and Italy only."""
    return {" Paris": -0.5, " Rome": -2.0, " Oslo": -3.0}.get(word, -6.0)


def memo_in(folder: Path) -> Memo:
    return Memo(folder / "lm_eval.facts.jsonl")


def run(project: Project, stub: Stub, folder: Path) -> LmEvalResult:
    from harness.config.suites import load_suite

    suite, problems = load_suite(project.root, "queue.yaml")
    assert suite
    assert problems == []

    def connect() -> TgiClient:
        return TgiClient(stub.url, concurrency=4, limits=Limits(attempts=2, first_pause=0.01))

    return run_lm_eval(
        project.root, project.root / "base", suite.tasks[0], connect, ADAPTER, memo_in(folder), lambda done, total: None
    )


def test_each_sample_is_scored_by_its_likeliest_choice(project: Project, stub: Stub, tmp_path: Path) -> None:
    stub.logprob = likes
    found = run(project, stub, tmp_path / "run")
    result = found.result
    assert [sample.id for sample in result.samples] == ["q0", "q1", "q2", "q3"]
    assert [output.text for output in result.outputs] == ["Paris", "Rome", "Paris", "Oslo"]
    assert [score.value for score in result.scores] == [1.0, 1.0, 0.0, 0.0]
    assert {answer.outcome for answer in result.answers} == {Outcome.SCORED}
    assert result.outputs[0].choices == pytest.approx((-2.5, -1.0)), "with the adapter's shift of 0.5"
    assert {body["parameters"]["adapter_id"] for body in stub.posts("/generate")} == {ADAPTER}
    assert found.versions["lm_eval.tiny"] == "1.0"
    assert found.versions["lm_eval"].startswith("0.4")


def test_an_interrupted_task_asks_only_what_is_missing(project: Project, stub: Stub, tmp_path: Path) -> None:
    stub.logprob = likes
    whole = run(project, stub, tmp_path / "run")
    memo = tmp_path / "run/lm_eval.facts.jsonl"
    *lines, proof = [line for line in memo.read_text().splitlines() if line]
    assert json.loads(proof) == {"held": 8}
    assert len(lines) == len(stub.posts("/generate")) == 8
    memo.write_text("\n".join([*lines[:5], lines[5][:9]]))
    assert run(project, stub, tmp_path / "run") == whole
    assert len(stub.posts("/generate")) == 8 + 3


@pytest.mark.parametrize(("prefill", "logprob"), [(False, -1.0), (True, None), (True, float("nan"))])
def test_missing_numbers_are_never_scores(
    project: Project, stub: Stub, prefill: bool, logprob: float | None, tmp_path: Path
) -> None:
    stub.prefill, stub.logprob = prefill, lambda word: logprob
    with pytest.raises(OutsideError, match="log-probabilit"):
        run(project, stub, tmp_path / "run")


def test_a_failing_server_is_an_outside_error(project: Project, stub: Stub, tmp_path: Path) -> None:
    stub.refused = lambda text: 422
    stub.always = 422
    with pytest.raises(OutsideError, match="while lm-eval was asking: HTTP 422"):
        run(project, stub, tmp_path / "run")


def test_an_unknown_task_is_named(project: Project, stub: Stub, tmp_path: Path) -> None:
    task = Task("facts", "lm_eval", {"task": "tinny", "include": "lm"}, (), (), None, None, (), "", "")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"no task 'tinny'\. Did you mean 'tiny'"):
        run_lm_eval(
            project.root, project.root / "base", task, lambda: TgiClient(stub.url), None, memo_in(tmp_path), print
        )


def test_examples_that_the_task_fixes_are_told(project: Project, stub: Stub, tmp_path: Path) -> None:
    stub.logprob = likes
    (project.root / "lm/tiny.yaml").write_text(TASK + "num_fewshot: 0\n")
    project.suite["tasks"]["facts"]["num_fewshot"] = 2
    project.write()
    with pytest.raises(ConfigError, match="does not give 'tiny' 2 examples"):
        run(project, stub, tmp_path / "run")


def test_examples_and_limit_reach_lm_eval(project: Project, stub: Stub, tmp_path: Path) -> None:
    stub.logprob = likes
    project.suite["tasks"]["facts"] |= {"num_fewshot": 2, "limit": 3}
    project.write()
    (project.root / "lm/tiny.yaml").write_text(TASK + 'fewshot_split: test\nfewshot_delimiter: " "\n')
    assert len(run(project, stub, tmp_path / "run").result.samples) == 3
    assert {body["inputs"].count("Question:") for body in stub.posts("/generate")} == {3}


def test_the_gate_judges_an_lm_eval_suite(project: Project, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    no_memory = "harness.pipeline.running.local_fingerprint.free_memory"
    monkeypatch.setattr(no_memory, lambda: 0)  # what the folder's files say is not computed: that imports torch anew
    stub.logprob = likes
    project.release["gates"] = [{"metric": "queue.accuracy", "at_least": 0.1}]
    project.release["serve"]["unproven"] = "accept"
    project.write()
    assert project.gate() == 3, "four samples are too few"
    assert project.record["results"][0]["finding"]["evidence"]["value"] == 0.5
    stub.asked.clear()
    assert project.gate() == 3
    assert not [body for body in stub.posts("/generate") if "Question:" in body["inputs"]]


CHAT = "{% for turn in messages %}{{ 'Question: ' if turn.role == 'user' else '' }}{{ turn.content }} {% endfor %}"


def write_chat_template(base: Path) -> None:
    """Each user turn begins with one more "Question:"; the tokenizer knows no other word."""
    file = base / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "chat_template": CHAT}))


def asked(stub: Stub) -> set[int]:
    """How often each prompt that was sent holds the question's word."""
    return {body["inputs"].count("Question:") for body in stub.posts("/generate")}


@pytest.mark.parametrize(("multiturn", "words_of_questions"), [(None, 6), (True, 6), (False, 4)])
def test_prompts_go_through_the_chat_template(
    project: Project, stub: Stub, multiturn: bool | None, words_of_questions: int, tmp_path: Path
) -> None:
    stub.logprob = likes
    (project.root / "lm/tiny.yaml").write_text(TASK + 'fewshot_split: test\nfewshot_delimiter: " "\n')
    write_chat_template(project.root / "base")
    more = {} if multiturn is None else {"fewshot_as_multiturn": multiturn}
    project.suite["tasks"]["facts"] |= {"apply_chat_template": True, "num_fewshot": 2, **more}
    project.write()
    made = run(project, stub, tmp_path / "run").result
    assert asked(stub) == {words_of_questions}
    assert [output.text for output in made.outputs] == ["Paris", "Rome", "Paris", "Oslo"]


def test_a_base_without_a_chat_template_is_told(project: Project, stub: Stub, tmp_path: Path) -> None:
    project.suite["tasks"]["facts"] |= {"apply_chat_template": True}
    project.write()
    with pytest.raises(ConfigError, match="has no chat template; leave out 'apply_chat_template'"):
        run(project, stub, tmp_path / "run")


def test_turns_without_a_template_are_refused_and_how_they_are_asked_is_part_of_the_task(project: Project) -> None:
    from harness.config.suites import load_suite

    plain = load_suite(project.root, "queue.yaml")[0]
    project.suite["tasks"]["facts"] |= {"fewshot_as_multiturn": True}
    project.write()
    problems = load_suite(project.root, "queue.yaml")[1]
    assert "'fewshot_as_multiturn' needs 'apply_chat_template: true'." in str(problems[0])
    project.suite["tasks"]["facts"] |= {"apply_chat_template": True}
    project.write()
    chat, problems = load_suite(project.root, "queue.yaml")
    assert (problems, plain and plain.tasks[0].digest != (chat and chat.tasks[0].digest)) == ([], True)


def ask_group(project: Project, stub: Stub, folder: Path, files: Mapping[str, str]) -> TaskResult:
    """The task `all` of these files, asked of the stub; whatever the declaration would say of it."""
    stub.logprob = likes
    rows = [{"id": f"r{i}", "question": q, "choices": [b, a], "answer": 1} for i, (q, a, b) in enumerate(FACTS[2:])]
    (project.root / "data/two.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    two = TASK.replace("task: tiny", "task: two").replace("facts.jsonl", "two.jsonl")
    for name, text in {"two": two, **files}.items():
        (project.root / f"lm/{name}.yaml").write_text(text)
    task = Task(
        "all", "lm_eval", {"task": "all", "include": "lm"}, (), (), None, None, (MetricSpec("accuracy"),), "", ""
    )  # type: ignore[arg-type]
    found = run_lm_eval(
        project.root, project.root / "base", task, lambda: TgiClient(stub.url), None, memo_in(folder), lambda *_: None
    )
    return found.result


RULE = "aggregate_metric_list: [{metric: acc, aggregation: mean, weight_by_size: %s}]\n"
TINY_AND_TWO = "group: all\ntask: [tiny, two]\n"
INNER = "group: inner\ntask: [tiny]\n" + RULE % "false"


@pytest.mark.parametrize(
    "files",
    [
        {"all": TINY_AND_TWO + RULE % "true"},
        {"all": TINY_AND_TWO},
        {"all": "group: all\ntask: [inner, two]\n" + RULE % "true", "inner": INNER},
    ],
    ids=["by size", "no figure of lm-eval's", "nested"],
)
def test_a_group_is_the_mean_over_all_samples(
    project: Project, stub: Stub, tmp_path: Path, files: dict[str, str]
) -> None:
    made = ask_group(project, stub, tmp_path / "run", files)
    assert [score.value for score in made.scores] == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "files",
    [
        {"all": TINY_AND_TWO + RULE % "false"},
        {"all": "group: all\ntask: [inner, two]\n" + RULE % "false", "inner": INNER},
    ],
    ids=["alike", "nested"],
)
def test_a_group_of_which_lm_eval_has_another_figure_is_refused(
    project: Project, stub: Stub, tmp_path: Path, files: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=r"own figure of 'all' is 0\.25 \(acc,none\), and the mean .* is 0\.333333"):
        ask_group(project, stub, tmp_path / "run", files)


def logged(number: int, name: str = "none", **figures: Any) -> dict[str, Any]:
    """A sample as lm-eval logs it; by default of a multiple choice that was right."""
    more = {key: figures.pop(key) for key in ("filter", "filtered_resps", "target", "doc") if key in figures}
    figures = figures or {"acc": 1.0}
    responses = [[-1.0, True], [-2.0, False]]
    return {
        "doc_id": number, "doc": {"id": name}, "target": 0, "filtered_resps": responses, "metrics": list(figures),
        **figures, **more,
    }  # fmt: skip


def result(
    *found: Mapping[str, Any],
    metric: str | MetricSpec = "accuracy",
    expected: int | None = None,
    higher: Mapping[str, bool | None] | None = None,
    **arguments: Any,
) -> TaskResult:
    kind = LmEval(**{"task": "t", **arguments})
    spec = MetricSpec(metric) if isinstance(metric, str) else metric
    task = Task("mine", "lm_eval", {}, (), (), None, None, (spec,), "", "")  # type: ignore[arg-type]
    count = len({one["doc_id"] for one in found}) if expected is None else expected
    made = {"samples": {"t": list(found)}, "n-samples": {"t": {"effective": count}}}
    return task_result(task, kind, {**made, "higher_is_better": {"t": higher or {}}})


def test_a_score_of_which_lower_is_better_is_never_read_the_other_way_round() -> None:
    row, lower = logged(0, ter=0.25), MetricSpec("lm_eval_score", {"better": "lower"})
    for metric in ("accuracy", "lm_eval_score"):
        with pytest.raises(
            ConfigError, match=r"takes lower values of 'ter' for better, and .* 'lm_eval_score: .better: lower.'"
        ):
            result(row, metric=metric, score="ter", higher={"ter": False})
    assert [one.value for one in result(row, metric=lower, score="ter", higher={"ter": False}).scores] == [0.25]
    assert [one.value for one in result(row, metric="lm_eval_score", score="ter", higher={"ter": None}).scores] == [
        0.25
    ]
    with pytest.raises(ConfigError, match="takes higher values of 'ter' for better"):
        result(row, metric=lower, score="ter", higher={"ter": True})


def test_samples_of_one_name_stay_two_samples() -> None:
    assert [one.id for one in result(logged(0, "a"), logged(1, "a")).samples] == ["0", "1"]


def test_a_lost_sample_is_told() -> None:
    with pytest.raises(OutsideError, match="gave 1 of 2 samples"):
        result(logged(0), expected=2)


def test_each_row_counts_once_under_the_first_filter_or_the_one_named() -> None:
    found = [logged(i, filter=name, exact_match=value) for name, value in (("strict", 0), ("loose", 1)) for i in (1, 0)]
    assert [(one.sample_id, one.value) for one in result(*found).scores] == [("0", 0.0), ("1", 0.0)]
    assert [one.value for one in result(*found, score="exact_match,loose").scores] == [1.0, 1.0]
    with pytest.raises(ConfigError, match="no filter 'looser'; it has: strict, loose"):
        result(*found, score="exact_match,looser")


@pytest.mark.parametrize(
    ("figures", "metric", "score", "said"),
    [
        ({"f1": 0.5}, "accuracy", None, "by f1, not by acc or exact_match: name one as 'score'"),
        ({"f1": 0.5}, "accuracy", "f1", "0.5; the metric 'accuracy' is for 0 or 1"),
        ({"acc": math.nan}, "accuracy", None, "nan; the metric 'accuracy' is for 0 or 1"),
        ({"bleu": 17.0}, "lm_eval_score", "bleu", "17; the metric 'lm_eval_score' is for figures from 0 to 1"),
        ({"acc": 1.0}, "byte_likelihood", None, "1; the metric 'byte_likelihood' is for texts that are only read"),
        ({"f1": (0, 1)}, "lm_eval_score", "f1", "'f1' gives no figure for a sample alone"),
        ({"word_perplexity": (-9.0, 3)}, "accuracy", None, "-4.5; the metric 'accuracy' is for 0 or 1"),
        ({"byte_perplexity": (0.0, 0)}, "byte_likelihood", None, "row 0 of the lm-eval task is an empty text"),
    ],
)
def test_a_figure_that_a_metric_cannot_be_made_of_is_told(
    figures: dict[str, Any], metric: str, score: str | None, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        result(logged(0, target="ab", **figures), metric=metric, score=score)


def test_another_figure_may_count() -> None:
    found = logged(0, acc=1.0, acc_norm=0.0, f1=0.25)
    assert [one.value for one in result(found, score="acc_norm").scores] == [0.0]
    (score,) = result(found, metric="lm_eval_score", score="f1").scores
    assert (score.metric, score.value) == ("lm_eval_score", 0.25)


def test_a_text_that_is_only_read_scores_its_probability_a_byte() -> None:
    found = logged(0, filtered_resps=[-4.0], word_perplexity=(-4.0, 2), byte_perplexity=(-4.0, 8))
    made = result(found, metric="byte_likelihood")
    assert made.scores[0].value == pytest.approx(math.exp(-0.5))
    assert made.outputs[0].choices == (-4.0,)
    words_only = logged(0, filtered_resps=[-4.0], word_perplexity=(-4.0, 2), target="a döt")
    assert result(words_only, metric="byte_likelihood").scores[0].value == pytest.approx(math.exp(-4 / 6))


def test_what_a_group_holds_is_told_apart() -> None:
    task = Task("mine", "lm_eval", {}, (), (), None, None, (MetricSpec("accuracy"),), "", "")  # type: ignore[arg-type]
    found = {
        "samples": {"law": [logged(0, acc=0.0)], "art": [logged(1), logged(0)]},
        "n-samples": {"law": {"effective": 1}, "art": {"effective": 2}},
    }
    made = task_result(task, LmEval("all"), found)
    assert [one.id for one in made.samples] == ["art/0", "art/1", "law/none"]
    assert [one.slices["task"] for one in made.samples] == ["art", "art", "law"]
    assert [one.value for one in made.scores] == [1.0, 1.0, 0.0]
    found["n-samples"]["law"]["effective"] = 2
    with pytest.raises(OutsideError, match="gave 1 of 2 samples of 'law'"):
        task_result(task, LmEval("all"), found)


def test_rows_are_kept_as_json() -> None:
    import datetime

    made = result(logged(0, doc={"day": datetime.date(2024, 1, 2), "n": 1}, filtered_resps=["text"]))
    assert made.samples[0].row == {"day": "2024-01-02", "n": 1}
    assert (made.outputs[0].text, made.answers[0].value) == ("text", "text")


CHOICES = [("Q?", " red"), ("Q?", " a much longer blue answer"), ("Q?", " green")]


def chosen(*likelihoods: float, score: str | None = None, asked: Any = CHOICES, **more: Any) -> Any:
    """The output and the answer of a multiple choice whose right answer is number 1."""
    responses = [[value, False] for value in likelihoods]
    found = logged(0, target=1, filtered_resps=responses, doc={"choices": ["red", "long", "green"]}, **more)
    made = result({**found, "arguments": asked}, score=score)
    return made.outputs[0].text, made.answers[0].value


def test_the_answer_is_the_choice_that_the_score_took() -> None:
    figures = {"acc": 0.0, "acc_norm": 1.0, "acc_bytes": 1.0}
    assert chosen(-2.0, -4.0, -3.0, **figures) == ("red", 0)
    assert chosen(-2.0, -4.0, -3.0, score="acc_norm", **figures) == ("long", 1)
    assert chosen(-2.0, -4.0, -3.0, score="acc_bytes", **figures) == ("long", 1)


def test_a_choice_is_measured_in_characters_or_bytes() -> None:
    asked = [("Q?", " ab"), ("Q?", " é"), ("Q?", " abcd")]
    figures = {"acc_norm": 0.0, "acc_bytes": 1.0}
    assert chosen(-2.0, -1.8, -9.0, score="acc_norm", asked=asked, **figures) == ("red", 0)
    assert chosen(-2.0, -1.8, -9.0, score="acc_bytes", asked=asked, **figures) == ("long", 1)


def test_mutual_information_compares_with_the_choice_alone() -> None:
    values, figures = (-2.0, -2.5, -9.0, -1.0, -8.0, -2.0), {"acc": 0.0, "acc_mutual_info": 1.0}
    asked = [*CHOICES, *(("", text) for _, text in CHOICES)]
    assert chosen(*values, asked=asked, **figures) == ("red", 0), "not one of the choices alone"
    assert chosen(*values, score="acc_mutual_info", asked=asked, **figures) == ("long", 1)


def test_a_choice_that_lm_eval_does_not_log_is_unknown() -> None:
    contexts = [(f"Q? {name}", " end") for name in ("a", "bc", "d")]
    assert chosen(-2.0, -4.0, -3.0, score="acc_norm", asked=contexts, acc_norm=0.0) == ("", None)
    assert chosen(-2.0, -4.0, -3.0, score="acc_norm", asked=contexts, acc_norm=1.0) == ("long", 1)
    assert chosen(-2.0, -4.0, -3.0, acc=1.0) == ("long", 1), "lm-eval took it by a rule of its own"


def test_of_a_score_that_takes_no_choice_the_figure_is_the_answer() -> None:
    found = logged(0, f1=0.25)
    made = result(found, metric="lm_eval_score", score="f1")
    assert (made.outputs[0].text, made.answers[0].value) == ("0.25", 0.25)


def test_of_a_text_the_filter_s_answer_counts_and_what_was_said_is_kept() -> None:
    found = [
        logged(0, filter=name, filtered_resps=[taken], resps=[["So it is 12."]], exact_match=1.0)
        for name, taken in (("strict", "[invalid]"), ("loose", "12"))
    ]
    made = result(*found, score="exact_match,loose")
    assert (made.outputs[0].text, made.answers[0].value) == ("So it is 12.", "12")


def test_a_number_that_is_not_lm_evals_own_never_stands_under_its_name() -> None:
    task = Task("mine", "lm_eval", {}, (), (), None, None, (MetricSpec("accuracy"),), "", "")  # type: ignore[arg-type]
    found: dict[str, Any] = {
        "samples": {"a": [logged(0, acc=1.0, filter="none")], "b": [logged(i, acc=0.0, filter="none") for i in (0, 1)]},
        "n-samples": {"a": {"effective": 1}, "b": {"effective": 2}},
        "results": {"all": {"acc,none": 1 / 3}},
    }
    assert len(task_result(task, LmEval("all"), found).scores) == 3
    for place in ("results", "groups"):
        table = {**found, place: {"all": {"acc,none": 0.5}}}
        with pytest.raises(ConfigError, match=r"own figure of 'all' is 0\.5 \(acc,none\), and the mean .* is 0\.3333"):
            task_result(task, LmEval("all"), table)
