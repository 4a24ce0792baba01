"""Metrics by hand-counted cases; a failed sample scores 0, a lost one has no score, and none is left out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import catalog
from harness.core.directions import Better
from harness.core.samples import Json, Score
from harness.core.suites import MetricSpec
from harness.metrics.interface import Item, better_of, score_each
from tests.metrics.made import failed, lost, score, scored, whole

RECORD = {"order": "NL-1", "count": 2, "note": None}
TARGETS = {"extract": RECORD, "generate": "the cat sat", "lm_eval": 1}  # the other kinds: a label
ARGUMENTS = {"evaluate": {"path": "scripts/overlap", "better": "higher"}}
NAMES = {"evaluate": "overlap"}
NO_SCORES = "macro_f1"
each_scoring_metric = pytest.mark.parametrize("name", [name for name in catalog.names("metrics") if name != NO_SCORES])


def every(name: str, *items: Item) -> list[Score]:
    """The scores by a metric whichever, with the arguments that it cannot do without."""
    for package in getattr(catalog.plug("metrics", name), "needs", ()):
        pytest.importorskip(package)
    return score(name, *items, **ARGUMENTS.get(name, {}))


def targets_of(name: str) -> list[Json]:
    return [TARGETS.get(kind, "billing") for kind in catalog.plug("metrics", name).kinds]


@pytest.mark.filterwarnings("ignore")
@each_scoring_metric
def test_every_sample_has_one_whole_score_failed_0_and_lost_none(name: str) -> None:
    for target in targets_of(name):
        found = every(name, failed(target), lost(target))
        wholes = [(one.sample_id, one.value, one.reason) for one in found if not one.part]
        assert wholes == [("f", 0.0, "the text is not JSON"), ("l", None, "connection reset")]
        parts = {one.part: one.value for one in found if one.part and one.sample_id == "f"}
        assert set(parts.values()) <= {0.0} or parts.pop("reference_len") == len(str(target).split())
        assert set(parts.values()) <= {0.0}, "no part of a failed answer counts"
        assert {one.metric for one in found} == {NAMES.get(name, name)}


@pytest.mark.filterwarnings("ignore")
@each_scoring_metric
def test_the_repeats_of_a_sample_are_scored_one_by_one(name: str) -> None:
    for target in targets_of(name):
        items = [make(target, "same", repeat) for repeat, make in enumerate((failed, lost, failed))]
        wholes = [(one.sample_id, one.repeat, one.value) for one in every(name, *items) if not one.part]
        assert wholes == [("same", 0, 0.0), ("same", 1, None), ("same", 2, 0.0)]


@pytest.mark.parametrize("name", catalog.names("metrics"))
def test_each_metric_says_where_its_better_scores_lie(name: str) -> None:
    assert better_of(MetricSpec(name, ARGUMENTS.get(name, {}))) is Better.HIGHER


def test_where_lower_is_better_a_failed_sample_scores_1() -> None:
    """An empty answer must not be the best error rate there is."""
    found = score_each("errors", [failed("a"), lost("a"), scored("a", "a")], lambda _: 0.25, Better.LOWER)
    assert [one.value for one in found] == [1.0, None, 0.25]
    parts = score_each("errors", [failed({"x": 1, "y": 2})], lambda _: 0.25, Better.LOWER)
    assert [(one.part, one.value) for one in parts] == [("x", 1.0), ("y", 1.0), ("", 1.0)]
    assert score_each("errors", [scored({}, {})], lambda _: {}, Better.LOWER)[0].value == 1.0


@pytest.mark.parametrize("name", catalog.names("metrics"))
def test_no_items_give_no_scores(name: str) -> None:
    assert every(name) == []


@pytest.mark.parametrize("name", catalog.names("metrics"))
def test_scores_that_are_not_averaged_say_what_they_are_made_into(name: str) -> None:
    assert catalog.plug("metrics", name).aggregate in ("rate", "mean", "macro_f1", "bleu")


def test_a_number_that_is_none_is_no_score() -> None:
    (found,) = score_each("made_up", [scored("a", "b", "s1", 2)], lambda _: float("nan"))
    assert found == Score("s1", "made_up", None, reason="made_up is not a number here", repeat=2)


def test_parts_carry_the_repeat_too() -> None:
    assert {one.repeat for one in score("field_accuracy", scored(RECORD, RECORD, "s", 3))} == {3}


def test_accuracy_is_equality() -> None:
    items = [scored("billing", "billing"), scored("billing", "shipping"), scored(1, 1), scored(1, 0)]
    assert whole("accuracy", *items) == [1, 0, 1, 0]


def test_macro_f1_leaves_scores_to_the_statistics() -> None:
    assert score("macro_f1", scored("a", "a")) == []


@pytest.mark.parametrize(
    ("answer", "exact", "field", "partial"),
    [
        ({"order": "NL-1", "count": 2, "note": None}, 1, 1, 1),
        ({"order": "NL-1", "count": 2}, 1, 1, 1),  # what is left out counts as null
        ({"order": "  NL-1 ", "count": 2, "note": None}, 1, 1, 1),  # runs of space do not count
        ({"order": "nl-1", "count": 2, "note": None}, 0, 2 / 3, 1),  # case counts, but for the overlap
        ({"order": "NL-1", "count": "2", "note": None}, 0, 2 / 3, 2 / 3),  # a text is no number
        ({"order": "NL-1", "count": 2, "note": ""}, 0, 2 / 3, 2 / 3),  # an empty text is not null
        ({"order": "NL-1", "count": 2, "note": None, "colour": "red"}, 0, 1, 1),  # invented
        ({"order": None, "count": None, "note": None}, 0, 1 / 3, 1 / 3),
        ({}, 0, 1 / 3, 1 / 3),
    ],
)
def test_records_are_compared_field_by_field(answer: object, exact: float, field: float, partial: float) -> None:
    item = scored(RECORD, answer)
    assert whole("exact_match", item) == [exact]
    assert whole("field_accuracy", item) == [pytest.approx(field)]
    assert whole("partial_match", item) == [pytest.approx(partial)]


def test_true_is_not_one_and_null_is_not_zero() -> None:
    assert whole("exact_match", scored({"a": 1}, {"a": True}), scored({"a": 0}, {"a": None})) == [0, 0]


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        (20, 20.0), (1000, 1e3), (-0.0, 0), (2**70, 2.0**70), ([1, 2.0], [1.0, 2]),
        ({"a": [1, {"b": 2}]}, {"a": [1.0, {"b": 2.0}]}),
        ("Müller  GmbH", "Müller\u00a0GmbH"), (["Zoë"], ["Zoe\u0308"]), ({"n": "a\u3000b"}, {"n": "a b"}),
        ("„Nein“", '"Nein"'), ("l’été", "l'e\u0301te\u0301"), ("「東京」", '"東京"'), ("한국", "한국"),
        ("２０２４", "2024"),
        ("tiếng Việt", "tiê\u0301ng Viê\u0323t"), ("O’Brien", "O'Brien"), ("צה״ל", 'צה"ל'), ("ﬁn", "fin"),
    ],
)  # fmt: skip
def test_values_that_a_reader_takes_for_the_same_are_right_in_every_metric(target: Json, answer: Json) -> None:
    item = scored({"a": target, "b": 1}, {"a": answer, "b": 1})
    assert [whole(name, item) for name in ("exact_match", "field_accuracy", "partial_match")] == [[1.0]] * 3


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        (1, True), (0, False), (True, 1.0), (1, "1"), (None, 0), (2**53 + 1, 2.0**53),
        ([1, True], [1, 1]), ({"a": 0}, {"a": False}),
        ("x²", "x2"), ("½", "1/2"), ("Zoë", "Zoe"), ("Straße", "Strasse"), ("a", "A"), ([1, 2], [2, 1]),
        ({"a": 1}, {"a": 1, "b": None}),
    ],
)  # fmt: skip
def test_values_that_differ_are_wrong(target: Json, answer: Json) -> None:
    assert whole("exact_match", scored({"f": target}, {"f": answer})) == [0.0]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, 1.0, 2.5])
    | st.text("aé e\u0301字。 ", max_size=4)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner)
)


@settings(deadline=None, max_examples=500)
@given(
    target=st.dictionaries(st.sampled_from("ab"), VALUES, min_size=1),
    answer=st.dictionaries(st.sampled_from("ab"), VALUES),
)
def test_partial_match_is_never_below_exact_match(target: Json, answer: Json) -> None:
    (exact,), (partial,) = (whole(name, scored(target, answer)) for name in ("exact_match", "partial_match"))
    assert (partial or 0.0) >= (exact or 0.0)


def test_overlap_counts_characters_where_a_script_has_no_spaces() -> None:
    assert whole("partial_match", scored({"a": "北京市海淀区"}, {"a": "北京市朝阳区"})) == [pytest.approx(4 / 6)]
    assert whole("partial_match", scored({"a": "ถนนสุขุมวิท"}, {"a": "ถนนสีลม"}))[0] not in (0.0, 1.0)


def test_unicode_forms_of_one_text_are_the_same() -> None:
    assert whole("exact_match", scored({"a": "Zoë"}, {"a": "Zoe\u0308"})) == [1]


def test_the_overlap_is_the_f1_of_words() -> None:
    # 2 common words of 3 and 4: 2 * 2 / 7; the second "milk" has no partner.
    (value,) = whole("partial_match", scored({"a": "two milk frothers"}, {"a": "the milk milk Frothers"}))
    assert value == pytest.approx(4 / 7)
    assert whole("partial_match", scored({"a": ""}, {"a": ""}), scored({"a": ""}, {"a": "x"})) == [1, 0]


def test_the_parts_are_the_fields() -> None:
    assert score("field_accuracy", scored({"a": 1, "b": 2}, {"a": 1, "b": 3})) == [
        Score("a", "field_accuracy", 1.0, "a"),
        Score("a", "field_accuracy", 0.0, "b"),
        Score("a", "field_accuracy", 0.5),
    ]
    assert not [one for one in score("exact_match", scored(RECORD, RECORD), failed(RECORD)) if one.part]


def test_format_asks_only_whether_the_answer_could_be_read() -> None:
    assert whole("format", scored("a", "b"), failed("a"), failed(RECORD), lost("a")) == [1, 0, 0, None]
