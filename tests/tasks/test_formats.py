"""`format` of a schema is checked in targets and answers; what nothing checks is said."""

from __future__ import annotations

import pytest

from harness.tasks._formats import FORMATS
from harness.tasks.extract import Extract

GOOD_AND_BAD = {
    "date": ("2024-02-29", "2023-02-29"),
    "date-time": ("2024-01-01T00:00:00Z", "2024-01-01"),
    "time": ("12:00:00Z", "25:00"),
    "duration": ("P1D", "one day"),
    "email": ("a@b.de", "ab.de"),
    "idn-email": ("ä@b.de", "ä"),
    "hostname": ("a.b", "-a-."),
    "idn-hostname": ("ä.de", "-"),
    "ipv4": ("1.2.3.4", "1.2.3.400"),
    "ipv6": ("::1", "1::z::"),
    "uri": ("http://a.b/c", "www.a.b"),
    "uri-reference": ("/a", "\\a b"),
    "iri": ("http://ä.b", "a b"),
    "iri-reference": ("/ä", "\\ x"),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000", "123"),
    "uri-template": ("/a/{b}", "/a/{b"),
    "json-pointer": ("/a", "a"),
    "relative-json-pointer": ("0/a", "/a"),
    "regex": ("a+", "(a"),
}


def kind(name: str) -> Extract:
    field = {"type": ["string", "null"], "format": name}
    record = {"type": "object", "properties": {"in": field}}
    return Extract({"type": "object", "properties": {"f": field, "deep": {"type": "array", "items": record}}})


def test_every_format_of_the_specification_is_here() -> None:
    assert set(GOOD_AND_BAD) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_checked_in_answers_and_targets_at_every_depth(name: str) -> None:
    good, bad = GOOD_AND_BAD[name]
    for value, deep, fits in ((good, good, True), (None, None, True), (bad, good, False), (good, bad, False)):
        record = {"f": value, "deep": [{"in": deep}]}
        assert (kind(name).check_target(record) is None) is fits
        if fits:
            assert kind(name).read(kind(name).write(record)) == record
        else:
            with pytest.raises(ValueError, match=f"does not fit the schema: .* is not a '{name}'"):
                kind(name).read(kind(name).write(record))
    assert kind(name).doubts([]) == []


def test_a_format_that_nothing_checks_is_said_once() -> None:
    (doubt,) = kind("phone").doubts([])
    assert doubt.startswith("'format: phone' in 'schema' is not checked, so any text passes. Write a 'pattern'")
    assert kind("phone").check_target({"f": "?", "deep": []}) is None
    fields = {"format": {"type": "string"}, "kind": {"enum": ["a", {"format": "none"}]}}
    assert Extract({"type": "object", "properties": fields}).doubts([]) == []


@pytest.mark.parametrize("text", ['{"n": 3.0}', '{"n": 3}', '{"n": 3e0}', '{"n": 30e-1}'])
def test_a_whole_number_is_an_integer_however_it_is_written(text: str) -> None:
    whole = Extract({"type": "object", "properties": {"n": {"type": "integer"}}})
    assert whole.read(text) == {"n": 3}
    with pytest.raises(ValueError, match="is not of type 'integer'"):
        whole.read('{"n": 3.5}')
    with pytest.raises(ValueError, match="is not of type 'integer'"):
        whole.read('{"n": true}')


def test_a_large_whole_number_is_not_rounded() -> None:
    anything = Extract({"type": "object", "properties": {"n": {}}})
    assert anything.read('{"n": 9007199254740993.0}') == {"n": 9007199254740993}
    assert anything.read('{"n": 9007199254740993}') == {"n": 9007199254740993}


@pytest.mark.parametrize("text", ["Re\u0301clamation", "«Réclamation»"[1:-1], "\u200bRéclamation\u00a0"])
def test_a_listed_value_is_read_in_every_form(text: str) -> None:
    fields = {"queue": {"enum": ["Réclamation", "l’été"]}, "all": {"type": "array", "items": {"const": "l’été"}}}
    listed = Extract({"type": "object", "properties": {**fields, "short": {"type": "string", "maxLength": 3}}})
    answer = {"queue": text, "all": ["l'e\u0301te\u0301"], "short": "e\u0301e\u0301e\u0301"}
    assert listed.read(listed.write(answer)) == {"queue": "Réclamation", "all": ["l’été"], "short": "ééé"}
    with pytest.raises(ValueError, match="does not fit the schema"):
        listed.read(listed.write({**answer, "queue": "réclamation"}))
    assert "does not fit" in str(listed.check_target(answer))
