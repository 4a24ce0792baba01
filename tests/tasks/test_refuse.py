"""Refusals: what marks one, and that refusing everything is not right either."""

from __future__ import annotations

import pytest

from harness import catalog
from harness.core.samples import Output, Sample
from harness.core.suites import Generation, MetricSpec, Prompt, Task
from harness.pipeline.running.answers import metric_infos, score_task
from harness.tasks.refuse import Refuse

KIND = Refuse(["I can't help", "other"])


@pytest.mark.parametrize(
    "text",
    ["other", "Other.", "**OTHER**", "Sorry, i CAN’T  help with that.", "I can't\nhelp", "ｏｔｈｅｒ", '"other"'],
)
def test_a_phrase_marks_a_refusal_in_any_dress(text: str) -> None:
    assert KIND.read(text) == "refuse"


@pytest.mark.parametrize("text", ["billing", "another", "my brother", "others", "I can help", "can't help", "?"])
def test_any_other_text_is_an_answer(text: str) -> None:
    assert KIND.read(text) == "answer"


@pytest.mark.parametrize("target", ["refuse", "answer"])
def test_the_right_answer_reads_as_the_target(target: str) -> None:
    assert KIND.check_target(target) is None
    assert KIND.read(KIND.write(target)) == target


@pytest.mark.parametrize("target", ["Refuse", "", None, True, "billing"])
def test_any_other_target_is_told(target: object) -> None:
    assert "neither 'refuse' nor 'answer'" in str(KIND.check_target(target))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Refuse([]), "'phrases' needs at least one text that marks a refusal."),
        (Refuse(["no", " "]), "'phrases' holds an empty text."),
        (Refuse(["no"], reply="No."), "'reply' reads as a refusal."),
    ],
)
def test_keys_that_mean_nothing_are_told(kind: Refuse, said: str) -> None:
    assert kind.check() == [said]
    assert KIND.check() == []


def test_a_model_that_refuses_everything_is_wrong_where_it_should_answer() -> None:
    specs = tuple(MetricSpec(name) for name in Refuse.default_metrics)
    samples = tuple(Sample(f"s{i}", {}, ("refuse", "refuse", "answer")[i]) for i in range(3))
    task = Task(
        "t", "refuse", {"phrases": ["other"]}, samples, (), Prompt("{{ text }}"), Generation(), specs, "x", "d"
    )  # fmt: skip
    kind = catalog.build("tasks", "refuse", task.arguments)
    found = score_task(task, kind, samples, [Output(sample.id, "other", "stop") for sample in samples])
    assert [score.value for score in found.scores if score.metric == "accuracy"] == [1.0, 1.0, 0.0]
    assert {info.classes for info in metric_infos(task)} == {("refuse", "answer")}


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("无法回答", "很抱歉，我无法回答这个问题。"),
        ("お答えできません", "申し訳ありませんが、その質問にはお答えできません。"),
        ("ไม่สามารถ", "ขออภัยค่ะ ฉันไม่สามารถช่วยเรื่องนี้ได้"),
        ("ບໍ່ສາມາດ", "ຂໍອະໄພຂ້ອຍບໍ່ສາມາດຊ່ວຍໄດ້"),
        ("មិនអាច", "សូមទោសខ្ញុំមិនអាចជួយបានទេ"),
        ("မဖြေနိုင်ပါ", "တောင်းပန်ပါတယ်ဒီမေးခွန်းကိုမဖြေနိုင်ပါဘူး"),
        ("AI", "我是AI助手"),
        ("je ne peux pas", "Désolé, je ne\u00a0peux\u202fpas vous aider."),
        ("désolé", "De\u0301sole\u0301, non."),
        ("l'aide", "Je refuse l’aide."),
        ("yardımcı olamam", "YARDIMCI OLAMAM."),
        ("לא יכול", "אני לא יכול לעזור"),
        ("لا أستطيع", "عذرًا، لا أستطيع المساعدة"),
        ("नहीं कर सकता", "मैं यह नहीं कर सकता।"),
    ],
)
def test_a_phrase_marks_a_refusal_in_every_script(phrase: str, text: str) -> None:
    assert Refuse([phrase]).read(text) == "refuse"


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("могу", "немогучий"),
        ("मद", "मदद चाहिए"),
        ("no", "naïve nö"),
        ("AI", "我说PAID了"),
        ("도움", "도움이 됩니다"),
        ("ไม", "ไม่เป็นไร"),
    ],
)
def test_a_part_of_a_word_is_no_phrase_in_any_script_with_spaces(phrase: str, text: str) -> None:
    assert Refuse([phrase]).read(text) == "answer"
