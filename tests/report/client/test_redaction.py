"""Private values leave no text of a sample unblackened."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.core.samples import Outcome
from harness.report.client.redaction import BLACK, black, redact
from harness.report.shown import Said, Shown

LETTERS = st.characters(categories=["L", "N", "P", "S"], exclude_characters="█")
SECRETS = st.text(LETTERS, min_size=3, max_size=20).map(lambda text: unicodedata.normalize("NFC", text))
AROUND = st.text(st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="█"), max_size=20)


def shown(text: str, target: str, *answers: str, **row: object) -> Shown:
    """A sample with one answer for each model."""
    said = {
        f"model{index}": Said(answer, Outcome.SCORED, answer, answer=answer) for index, answer in enumerate(answers)
    }
    return Shown("orders", "details", "order-001", text, target, said, row)


def texts(one: Shown) -> list[str]:
    """Every text of a sample."""
    return [
        one.input,
        one.target,
        *(text for said in one.said.values() for text in (said.text, said.answer, said.reason)),
        json.dumps(one.row, ensure_ascii=False),
    ]


@given(st.lists(SECRETS, min_size=1, max_size=3), AROUND, st.booleans())
def test_no_text_holds_a_private_value_in_whatever_case(secrets: list[str], around: str, loud: bool) -> None:
    """In the input, beside and inside each other, in the record of the target, nested in an answer, in its keys."""
    found = around.join(secrets) + "".join(secrets)
    found = found.upper() if loud and found.upper().lower() == found.lower() else found
    answer = json.dumps({"customer": [{"name": secrets[0]}], "note": found, found: 1})
    safe = redact(shown(found, json.dumps({"name": secrets[-1], "note": found}), answer, found, name=secrets), ["name"])
    for secret in secrets:
        assert not any(re.search(re.escape(secret), text, re.IGNORECASE) for text in texts(safe))


@given(SECRETS)
def test_a_value_that_only_a_model_gave_is_blacked_out_everywhere(secret: str) -> None:
    safe = redact(shown("for whom?", '{"name": null}', json.dumps({"name": secret}), f"it is {secret}!"), ["name"])
    assert json.loads(safe.said["model0"].text) == {"name": BLACK}
    assert secret not in safe.said["model1"].text


def test_a_short_value_is_blacked_out_where_its_field_stands_and_left_elsewhere() -> None:
    safe = redact(shown("2 cups", '{"quantity": 2, "product": "cup"}', '{"quantity": 4}', quantity=2), ["quantity"])
    assert safe.input == "2 cups"
    assert json.loads(safe.target) == {"quantity": BLACK, "product": "cup"}
    assert json.loads(safe.said["model0"].text) == {"quantity": BLACK}
    assert safe.row == {"quantity": BLACK}


def test_an_answer_that_is_no_record_is_blacked_out_whole_where_one_was_asked_or_begun() -> None:
    broken = '{"name": "\\u0041da", "product": "cup"'
    safe = redact(shown("who?", '{"name": null}', broken, "Name: Grace", ""), ["name"])
    assert [said.text for said in safe.said.values()] == [BLACK, BLACK, ""]
    plain = redact(shown("who?", "billing", "billing", "The name is unknown", broken, "Name: Grace"), ["name"])
    assert [said.text for said in plain.said.values()] == ["billing", "The name is unknown", BLACK, BLACK]


def test_the_column_of_the_target_is_private_with_target_and_answers() -> None:
    one = replace(shown("who wrote?\nsex: f", "Ada", "Grace", "it was ada", sex="f"), target_columns=("author",))
    safe = redact(one, ["Author", "sex"])
    assert (safe.input, safe.target) == (f"who wrote?\nsex: {BLACK}", BLACK)
    assert {said.text for said in safe.said.values()} == {BLACK}
    assert redact(one, ["sex"]).target == "Ada"


def test_a_target_that_is_no_record_of_json_is_blacked_out_whole() -> None:
    assert redact(shown("who?", "{'name': 'Al'}", "billing"), ["name"]).target == BLACK


def test_records_within_texts_are_read_too() -> None:
    inner = json.dumps({"name": 'A "da"', "age": 7})
    safe = redact(shown(inner, "billing", json.dumps({"raw": inner}), raw=inner), ["name", "age"])
    told = {"name": BLACK, "age": BLACK}
    assert json.loads(safe.input) == told
    assert json.loads(json.loads(safe.said["model0"].text)["raw"]) == told


def test_what_is_nested_too_deep_to_be_read_is_blacked_out() -> None:
    deep = '{"a": ' * 900 + '{"name": "Ada"}' + "}" * 900
    for safe in (redact(shown(deep, "billing", deep), ["name"]), redact(shown("who?", "billing", deep), ["name"])):
        assert "Ada" not in "".join(texts(safe))


def test_overlapping_values_leave_no_rest() -> None:
    assert black("abcdefgh", ["abcd", "cdefgh"]) == BLACK
    assert black("Ada  Lovelace\nand ADA\tLOVELACE", ["Ada Lovelace"]) == f"{BLACK}\nand {BLACK}"


def test_names_that_are_nowhere_change_nothing() -> None:
    one = shown("who?", "billing", "billing", asked="who?")
    assert redact(one, ["customer.name", ""]) == one
    assert redact(one, []) is one
