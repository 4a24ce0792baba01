"""Task kinds: what is an answer, what is none, and that a perfect model scores a perfect score."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import catalog
from harness.core.samples import Answer, Outcome, Sample
from harness.metrics.interface import Item
from harness.tasks.classify import Classify
from harness.tasks.extract import Extract
from harness.tasks.generate import Generate

LABELS = ["billing", "Rückgabe", "account"]
FIELD = {"type": ["string", "integer", "boolean", "null"]}
EXTRACT = Extract({"type": "object", "properties": {"order": FIELD, "count": FIELD}, "required": ["order", "count"]})
VALUES = st.none() | st.integers() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    "text", ["billing", " Billing\n", '"billing"', "**billing**", "billing.", "'BILLING.'", "`billing`"]
)
def test_a_label_may_come_in_any_dress(text: str) -> None:
    assert Classify(LABELS).read(text) == "billing"


@pytest.mark.parametrize("text", ["billing, account", "The label is billing", "bill", "billings", "", ".", "none"])
def test_any_other_text_is_no_label(text: str) -> None:
    with pytest.raises(ValueError, match="none of the labels"):
        Classify(LABELS).read(text)


def test_a_label_with_dress_of_its_own_is_read_back_as_it_stands() -> None:
    assert Classify(["n.a.", "*other*"]).read("N.A.") == "n.a."


@pytest.mark.parametrize("kind", [Classify(LABELS), Generate(), Generate(max_words=3)])
def test_the_right_answer_reads_as_the_target(kind: Classify | Generate) -> None:
    target = "Rückgabe"
    assert kind.check_target(target) is None
    assert kind.read(kind.write(target)) == target


@settings(deadline=None)
@given(order=VALUES, count=VALUES)
def test_a_perfect_extraction_scores_one_in_every_metric(order: object, count: object) -> None:
    target = {"count": count, "order": order}
    assert EXTRACT.check_target(target) is None
    item = Item(Sample("a", {}, target), Answer("a", Outcome.SCORED, EXTRACT.read(EXTRACT.write(target))))
    for name in Extract.default_metrics:
        assert {score.value for score in catalog.build("metrics", name, {}).score([item])} == {1.0}


def test_targets_are_written_in_the_order_of_the_schema() -> None:
    assert EXTRACT.write({"count": None, "order": "Ö-1"}) == '{"order": "Ö-1", "count": null}'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("order 1", "not JSON"),
        ('{"order": 1', "not JSON"),
        ('{"order": 1, "count": NaN}', "not JSON"),
        ('{"order": 1, "count": 1e999}', "not JSON"),
        ('{"order": "\\ud800", "count": 1}', "not JSON"),
        ('```json\n{"order": 1, "count": 2}\n```', "not JSON"),
        ('{"order": 1, "count": 2} {"order": 1}', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"order": ' + "1" * 5000 + "}", "not JSON"),
        ("[1]", "not an object"),
        ("null", "not an object"),
        ('{"order": 1}', "does not fit the schema: 'count' is a required property"),
        ('{"order": [], "count": 1}', "does not fit the schema"),
    ],
)
def test_what_is_no_record_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        EXTRACT.read(text)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "objekt"}, "no valid JSON Schema"),
        ({"type": "object"}, "needs 'properties'"),
        ({"properties": {}}, "needs 'properties'"),
        ({"properties": {"a": {"$ref": "http://x/y"}}}, "must not use $ref"),
    ],
)
def test_a_schema_without_fields_is_refused(schema: dict[str, object], said: str) -> None:
    assert said in Extract(schema).check()[0]


def test_the_length_limit_counts_words() -> None:
    assert Generate(max_words=3).read(" one two\nthree ") == "one two\nthree"
    with pytest.raises(ValueError, match="4 words; 3 are allowed"):
        Generate(max_words=3).read("one two three four")
    assert Generate().read("word " * 5000).count("word") == 5000


@pytest.mark.parametrize("kind", catalog.names("tasks"))
def test_every_default_metric_fits_its_kind(kind: str) -> None:
    for name in catalog.plug("tasks", kind).default_metrics:
        assert kind in catalog.plug("metrics", name).kinds


@pytest.mark.parametrize(
    ("labels", "part"),
    [
        (["billing", "bіlling"], "LATIN SMALL LETTER I, CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I"),
        (["Вilling", "billing"], "look alike"),
        (["ΑΡΡ", "app"], "look alike"),
        (["café", "cafe\u0301"], "differ only in case, space, quotes or Unicode form"),
        (["Größe", "GRÖSSE"], "differ only in case"),
        (["new order", "new  order"], "differ only in case, space"),
        (["order", "ord\u200ber"], "differ only in case, space, quotes or Unicode form"),
        (["order", "ｏｒｄｅｒ"], "differ only in case, space, quotes or Unicode form"),
        (["Вода", "вода"], "differ only in case"),
        (["рис", "рис"], "stands twice"),
    ],
)
def test_labels_that_nobody_can_tell_apart_are_refused(labels: list[str], part: str) -> None:
    (problem,) = Classify([*labels, "other"]).check()
    assert part in problem


@pytest.mark.parametrize(
    "labels", [["café", "cafe"], ["рис", "ris"], ["A1", "Al"], ["sınıf", "sinif"], ["东", "車"], ["ja", "nein", "да"]]
)
def test_labels_that_differ_to_the_eye_are_taken(labels: list[str]) -> None:
    assert Classify(labels).check() == []


def test_an_answer_in_another_unicode_form_is_the_label() -> None:
    kind = Classify(["Rückgabe", "new order"])
    assert kind.read("Ru\u0308ckgabe") == "Rückgabe"
    assert kind.read("**New\n order**") == "new order"


def test_fields_and_values_of_a_schema_that_look_alike_are_refused() -> None:
    queue = {"enum": ["billing", "bіlling", None]}
    (problem,) = Extract({"type": "object", "properties": {"queue": queue}}).check()
    assert "the values 'billing' and 'bіlling' in 'queue' of 'schema' look alike" in problem
    (problem,) = Extract({"type": "object", "properties": {"id": FIELD, "іd": FIELD}}).check()
    assert "the fields 'id' and 'іd' in 'schema' look alike" in problem


@pytest.mark.parametrize("text", ['{"order": 1, "count": 1, "order": 2}', '{"order": {"a": 1, "a": 1}, "count": 1}'])
def test_a_key_that_stands_twice_makes_an_answer_unreadable(text: str) -> None:
    kind = Extract({"type": "object", "properties": {"order": {}, "count": {}}})
    with pytest.raises(ValueError, match=r"the JSON has the key '(order|a)' twice"):
        kind.read(text)


@pytest.mark.parametrize(
    ("label", "texts"),
    [
        ("billing", ["“billing”", "„billing“", "«billing»", "‹ billing ›", "「billing」", "『billing』", "’billing’"]),
        (
            "billing",
            ["billing。", "billing．", "billing｡", "。billing", "ｂｉｌｌｉｎｇ", "\u3000billing\u00a0", "billing!"],
        ),
        ("billing", ["\ufeffbilling", "bill\u200bing", "Billing！", "‚BILLING‘.", "**«billing».**"]),
        ("new order", ["new\u00a0order", "new\u3000order", "NEW\u2009ORDER", "new\n order۔"]),
        ("Réclamation", ["Re\u0301clamation", "RE\u0301CLAMATION", "« Réclamation »"]),
        ("فاتورة", ["فاتورة۔", "«فاتورة»", "فاتورة؟", "\u202bفاتورة\u202c"]),
        ("बिलिंग", ["बिलिंग।", '"बिलिंग"']),
        ("חשבון", ["״חשבון״", "חשבון.", "\u200fחשבון"]),
        ("한국어", ["한국어", "한국어."]),
        ("Phiếu", ["Phie\u0302\u0301u", "PHIE\u0302\u0301U", "Phiê\u0301u"]),
        ("Straße", ["STRASSE", "strasse"]),
        ("sınıf", ["SINIF", "Sınıf"]),
        ("iptal", ["İPTAL", "IPTAL", "İptal"]),
        ("账单", ["账单。", "「账单」", "“账单”", "账单！"]),
        ("👍", ["👍", "👍\ufe0f", "“👍”"]),
        ("?", ["?", "？"]),
    ],
)
def test_a_label_is_read_in_every_form_that_a_reader_takes_for_it(label: str, texts: list[str]) -> None:
    kind = Classify([label, "else"])
    assert kind.check() == []
    assert [kind.read(text) for text in texts] == [label] * len(texts)


def test_the_two_letters_i_of_turkish_are_two_labels_where_both_are() -> None:
    kind = Classify(["sınıf", "sinif"])
    assert [kind.read(text) for text in ("sınıf", "sinif")] == ["sınıf", "sinif"]


@pytest.mark.parametrize("text", ["Reclamation", "biling", "billing 2", "账", "账单 退款"])
def test_other_texts_are_no_label_in_any_form(text: str) -> None:
    with pytest.raises(ValueError, match="none of the labels"):
        Classify(["Réclamation", "billing", "账单", "else"]).read(text)


def test_the_length_limit_counts_characters_where_a_script_has_no_spaces() -> None:
    assert Generate(max_words=6).read("今天天气很好。") == "今天天气很好。"
    with pytest.raises(ValueError, match="7 words; 6 are allowed"):
        Generate(max_words=6).read("今天天气非常好")
    with pytest.raises(ValueError, match="words; 5 are allowed"):
        Generate(max_words=5).read("กาต้มน้ำไม่ทำงาน")
    assert Generate(max_words=3).read("well-known fact – "[:15])
    assert Generate(max_words=2).doubts(["one two", "one two three"]) == [
        "1 of 2 targets have more than 'max_words: 2' words themselves, so the right answer would break the format. "
        "Raise it, or shorten them."
    ]
