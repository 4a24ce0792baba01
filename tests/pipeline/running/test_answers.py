"""Every output ends as exactly one of scored, model failed and not evaluated; nothing is left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.runs import Counts
from harness.core.samples import Outcome, Output, Sample
from harness.core.suites import Generation, MetricSpec, Prompt, Task
from harness.pipeline.running.answers import count, metric_infos, read_answer, score_task, tokenizers
from harness.tasks.classify import Classify
from harness.tasks.extract import Extract
from harness.tasks.generate import Generate

LABELS = ["billing", "shipping"]
KIND = Classify(LABELS)
SAMPLES = tuple(Sample(f"s{i}", {"id": f"s{i}"}, LABELS[i % 2]) for i in range(4))
TASK = Task(
    "t", "classify", {"labels": LABELS}, SAMPLES, (), Prompt("{{ text }}"), Generation(),
    (MetricSpec("accuracy"), MetricSpec("macro_f1"), MetricSpec("format")), "label", "digest",
)  # fmt: skip


@pytest.mark.parametrize(
    ("output", "outcome", "value", "reason"),
    [
        (Output("s", "billing", "stop"), Outcome.SCORED, "billing", None),
        (Output("s", " Billing.\n"), Outcome.SCORED, "billing", None),
        (Output("s", "billing", "stop_sequence"), Outcome.SCORED, "billing", None),
        (Output("s", ""), Outcome.MODEL_FAILED, None, "the output is empty"),
        (Output("s", " \n\t"), Outcome.MODEL_FAILED, None, "the output is empty"),
        (Output("s", "billing", "length", generated_tokens=8), Outcome.MODEL_FAILED, None, "cut off after 8 tokens"),
        (Output("s", "", "length"), Outcome.MODEL_FAILED, None, "the output is empty: cut off after"),
        (Output("s", "", "eos_token"), Outcome.MODEL_FAILED, None, "(finish_reason: eos_token)"),
        (Output("s", "billing", "content_filter"), Outcome.MODEL_FAILED, None, "(finish_reason: content_filter)"),
        (Output("s", "billing", "refusal"), Outcome.MODEL_FAILED, None, "(finish_reason: refusal)"),
        (Output("s", "refund"), Outcome.MODEL_FAILED, None, "none of the labels"),
        (Output("s", None, error="HTTP 500"), Outcome.NOT_EVALUATED, None, "HTTP 500"),
        (Output("s", "billing", error="HTTP 500"), Outcome.NOT_EVALUATED, None, "HTTP 500"),
        (Output("s", None), Outcome.NOT_EVALUATED, None, "no output"),
    ],
)
def test_an_output_is_read(output: Output, outcome: Outcome, value: str | None, reason: str | None) -> None:
    answer = read_answer(KIND, output)
    assert (answer.sample_id, answer.outcome, answer.value) == ("s", outcome, value)
    assert answer.reason is None if reason is None else reason in str(answer.reason)


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": "x"}', '{"a": 1, "b": 2}', "[" * 100_000, "null"])
def test_json_that_does_not_fit_is_the_models_failure(text: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}
    assert read_answer(Extract(schema), Output("s", text)).outcome is Outcome.MODEL_FAILED


def test_every_sample_has_an_answer_in_its_place_and_all_are_counted() -> None:
    outputs = (Output("s0", "billing"), Output("s1", "billing"), Output("s2", ""), Output("s3", None, error="gone"))
    result = score_task(TASK, KIND, SAMPLES, outputs)
    assert [answer.sample_id for answer in result.answers] == ["s0", "s1", "s2", "s3"]
    assert count([result, result]) == Counts(4, 2, 2)
    whole = {score.sample_id: score.value for score in result.scores if score.metric == "accuracy" and not score.part}
    assert whole == {"s0": 1.0, "s1": 0.0, "s2": 0.0, "s3": None}


@pytest.mark.parametrize("outputs", [(), (Output("s0", "billing"),), tuple(Output("s0", "billing") for _ in range(5))])
def test_more_or_fewer_outputs_than_samples_are_a_bug(outputs: tuple[Output, ...]) -> None:
    with pytest.raises(ValueError, match="one for each repeat of each sample"):
        score_task(TASK, KIND, SAMPLES, outputs)


def test_outputs_in_another_order_are_a_bug() -> None:
    with pytest.raises(ValueError, match="samples' order"):
        score_task(TASK, KIND, SAMPLES, tuple(Output(f"s{3 - i}", "billing") for i in range(4)))


def test_metric_infos_tell_how_to_read_them_later() -> None:
    infos = {info.name: (info.aggregate, info.classes) for info in metric_infos(TASK)}
    assert infos["macro_f1"] == ("macro_f1", ("billing", "shipping"))
    assert infos["accuracy"][0] == "rate"


@pytest.mark.parametrize(
    ("output", "kind", "outcome", "value", "reason"),
    [
        (
            Output("s", " a b ", "length", generated_tokens=2),
            Generate(),
            Outcome.SCORED,
            "a b",
            "cut off after 2 tokens",
        ),
        (Output("s", "a b", "length"), Generate(cut_off="fail"), Outcome.MODEL_FAILED, None, "cut off after"),
        (Output("s", "a b", "length"), Generate(max_words=1), Outcome.MODEL_FAILED, None, "2 words; 1 are allowed"),
        (Output("s", " ", "length"), Generate(), Outcome.MODEL_FAILED, None, "the output is empty: cut off"),
        (Output("s", "a b", "content_filter"), Generate(), Outcome.MODEL_FAILED, None, "content_filter"),
        (Output("s", "a b", "stop"), Generate(cut_off="fail"), Outcome.SCORED, "a b", None),
    ],
)
def test_free_text_that_was_cut_off_is_what_is_there(
    output: Output, kind: Generate, outcome: Outcome, value: str | None, reason: str | None
) -> None:
    answer = read_answer(kind, output)
    assert (answer.outcome, answer.value) == (outcome, value)
    assert answer.reason is None if reason is None else reason in str(answer.reason)


def test_a_metric_of_words_names_its_tokenizer() -> None:
    assert tokenizers(TASK) == {}
    texts = replace(TASK, kind="generate", arguments={}, metrics=(MetricSpec("rouge_l"), MetricSpec("format")))
    assert tokenizers(texts) == {"rouge_l": "harness.core.words 1"}
