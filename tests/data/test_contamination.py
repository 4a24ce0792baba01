import unicodedata
from dataclasses import replace

import pytest

from harness.core.samples import Json, Sample
from harness.core.suites import Generation, Prompt, Suite, Task
from harness.data.contamination import Hit, Pool, hits, leaked, sought_of
from harness.data.rows import DataRow
from tests.data.test_minhash import sentences

ASKED = "My kettle was delivered without its lid on Tuesday, who sends me another one before the weekend?"
TARGET = "The customer got a kettle without a lid and asks for one before the weekend."
PROMPT = Prompt("Put this message into one of our queues, and answer with its name alone: {{ text }}")


def suite(*samples: tuple[str, Json], examples: tuple[str, ...] = (), prompt: Prompt | None = PROMPT) -> Suite:
    made = tuple(Sample(f"s{number}", {"text": text}, target) for number, (text, target) in enumerate(samples))
    shown = tuple(Sample(f"x{number}", {"text": text}, "billing") for number, text in enumerate(examples))
    task = Task("sort", "classify", {}, made, shown, prompt, Generation(), (), "label", "digest")
    return Suite("queue", "", (task,), "digest")


def row(*turns: tuple[str, str], line: int = 1) -> DataRow:
    return DataRow("train.jsonl", line, "chat", turns[0][1], turns[-1][1], turns)


def found(of: Suite, *rows: DataRow) -> tuple[Hit, ...]:
    pool = Pool()
    pool.add(rows)
    return hits(pool, sought_of([of]))


def taught(text: str, answer: str = "billing") -> tuple[Hit, ...]:
    return found(suite((ASKED, TARGET)), row(("system", "Which queue?"), ("user", text), ("assistant", answer)))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (ASKED, "exact"),
        (ASKED.upper().replace(",", " –"), "normalised"),
        (ASKED.replace("Tuesday", "Thursday"), "near"),
        (f"Good morning. I write again since nobody has answered for days. {ASKED}", "contained"),
        (f"{PROMPT.user[:-10]}{ASKED}", "exact"),
        (f"{ASKED[:75]} cup, and {' '.join(sentences(2))}", "contained"),
    ],
)  # fmt: skip
def test_each_kind_of_copy_is_found_once(text: str, kind: str) -> None:
    (hit,) = taught(text)
    assert (hit.kind, hit.task, hit.sample, hit.on, str(hit.row)) == (
        kind,
        "queue.sort",
        "s0",
        "input",
        "train.jsonl:1",
    )
    assert 0 < hit.score <= 1


def test_another_message_under_the_same_prompt_is_no_hit() -> None:
    assert taught(f"{PROMPT.user[:-10]}Since last week I can't get into my account, what now?") == ()


def test_an_answer_is_sought_where_it_is_no_label() -> None:
    (hit,) = taught("Sum up: …", TARGET)
    assert (hit.kind, hit.on) == ("exact", "target")
    assert found(suite(("Something else entirely", "billing")), row(("user", "Hi"), ("assistant", "billing"))) == ()


def test_a_short_answer_is_no_hit_for_a_short_question() -> None:
    assert found(suite(("billing", "billing")), row(("user", "Where is my bill?"), ("assistant", "billing"))) == ()
    assert (
        found(suite(("billing", "billing")), row(("user", "Billing"), ("assistant", "billing")))[0].kind == "normalised"
    )


def test_a_short_sample_inside_a_long_row_is_chance() -> None:
    rows = row(("user", "Could you tell me why my card did not work yesterday?"), ("assistant", "card"))
    assert found(suite(("My card did not work", "card")), rows) == ()


def test_a_sample_taught_many_times_is_still_found() -> None:
    wrapped = [
        row(("user", f"{text} {ASKED}"), ("assistant", "a"), line=at) for at, text in enumerate(sentences(40), 1)
    ]
    assert leaked(found(suite((ASKED, "billing")), *wrapped)) == {"queue.sort": frozenset({"s0"})}
    same = [row(("user", ASKED), ("assistant", "a"), line=line) for line in range(1, 300)]
    assert leaked(found(suite((ASKED, "billing")), *same)) == {"queue.sort": frozenset({"s0"})}


def test_every_planted_pair_is_listed() -> None:
    texts = sentences(200, length=16)
    rows = [
        row(("user", text if line % 2 else text + " ok"), ("assistant", "a"), line=line)
        for line, text in enumerate(texts)
    ]
    pairs = {(hit.row.line, hit.sample) for hit in found(suite(*((text, "billing") for text in texts)), *rows)}
    assert pairs == {(line, f"s{line}") for line in range(200)}


def test_examples_and_prompts_are_searched_too() -> None:
    of = suite((ASKED, "billing"), examples=(ASKED + " Thanks", "I would like to get a bill for March"))
    pool = Pool()
    pool.add_shown([of])
    (hit,) = hits(pool, sought_of([of]))
    assert (str(hit.row), hit.kind, hit.sample) == ("examples of queue.sort:1", "near", "s0")
    pool = Pool()
    pool.add_shown([suite(("Hi", "billing"), prompt=Prompt("{{ text }}", f"For example: {ASKED} is shipping."))])
    assert [str(one.row) for one in hits(pool, sought_of([suite((ASKED, "billing"))]))] == ["prompts of queue.sort:1"]


def test_a_taught_example_is_told_and_is_no_leak() -> None:
    of, pool = suite(("Hi", "billing"), examples=(ASKED,)), Pool()
    pool.add([row(("user", ASKED), ("assistant", "billing"))])
    assert hits(pool, sought_of([of])) == ()
    (hit,) = hits(pool, sought_of([of], examples=True))
    assert hit.source == "example"
    assert leaked([hit]) == {}
    assert leaked([replace(hit, source="sample")]) == {"queue.sort": frozenset({"x0"})}


def test_a_copy_that_a_perturbation_made_is_not_told_again() -> None:
    of = suite((ASKED, "billing"))
    task = of.tasks[0]
    copies = (*task.samples, replace(task.samples[0], id="s0-typos", origin="s0"))
    again = replace(of, tasks=(replace(task, samples=copies),))
    assert len(found(again, row(("user", ASKED), ("assistant", "a")))) == 1


def test_nothing_taught_nothing_found() -> None:
    assert found(suite((ASKED, TARGET))) == ()
    assert hits(Pool(), []) == ()


WRAPPED = {
    "zh": ("我上周在你们的网店买了一盏蓝色的台灯，收到的时候灯罩已经裂开了",
           "您好，我忘了登录信息。{}。请问应该怎么办？我已经试了三次都没有成功，请尽快处理，谢谢。"),
    "ja": ("先週の火曜日に注文した電気ケトルがまだ届いていません",
           "お世話になっております。実は困っております。{}。至急ご確認のほどよろしくお願いいたします。"),
    "th": ("ฉันสั่งซื้อกาต้มน้ำเมื่อวันอังคารที่แล้วแต่ยังไม่ได้รับสินค้าเลย",
           "สวัสดีครับขอถามเรื่องสินค้า{}ขอบคุณมากครับสำหรับความช่วยเหลือและขออภัยที่รบกวน"),
    "hi": ("मेरा ऑर्डर पिछले मंगलवार को आना था लेकिन अभी तक नहीं आया",
           "नमस्ते, मैं दूसरी बार लिख रहा हूँ क्योंकि किसी ने जवाब नहीं दिया। {}। कृपया मदद करें।"),
    "ko": ("주문한 전기 주전자가 지난주 화요일까지 도착하지 않았는데 어떻게 하나요",
           "안녕하세요 문의 드립니다 정말 급합니다 {} 빠른 답변 부탁드립니다 감사합니다"),
}  # fmt: skip


@pytest.mark.parametrize("language", WRAPPED)
def test_a_sample_inside_a_row_is_found_in_every_script_and_form(language: str) -> None:
    sample, around = WRAPPED[language]
    for text in (sample, unicodedata.normalize("NFD", sample)):
        (hit,) = found(suite((sample, "x")), row(("user", around.format(text)), ("assistant", "x")))
        assert (hit.kind, hit.score) == ("contained", 1.0)
    other = around.format(sample[: len(sample) // 5])
    assert found(suite((sample, "x")), row(("user", other), ("assistant", "x"))) == ()


@pytest.mark.parametrize("short", ["请问如何重置", "ขอบคุณสำหรับข้อมูล", "お世話になります"])
def test_a_few_characters_are_chance_in_scripts_without_spaces(short: str) -> None:
    text = f"您好。{short}。我已经试了三次都没有成功，非常着急，请尽快帮我处理，谢谢大家"
    assert found(suite((short, "x")), row(("user", text), ("assistant", "x"))) == ()


def test_an_answer_without_spaces_is_sought_where_it_is_no_label() -> None:
    target = "客户收到的水壶没有盖子，要求在周末之前再寄一个过来"
    (hit,) = found(suite((ASKED, target)), row(("user", "…"), ("assistant", target)))
    assert (hit.kind, hit.on) == ("exact", "target")
    assert found(suite((ASKED, "退款申请")), row(("user", "…"), ("assistant", "退款申请"))) == ()
