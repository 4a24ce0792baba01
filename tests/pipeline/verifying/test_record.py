"""A record that is as it was written and follows from its runs passes; all else is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.pipeline.release_project import Project
from tests.pipeline.verifying.records import Said, edit, record_file, to_fail

SCHEMA = Path(__file__).parents[3] / "docs/schema/decision.schema.json"


def test_a_record_follows_from_the_store(own: Project, said: Said) -> None:
    assert said() == (0, f"decision {own.record['id'][:12]} of r, PASS: it is as it was written, "
                         "follows from its 2 runs.\n")  # fmt: skip


def test_real_records_fit_the_published_schema(own: Project) -> None:
    check = Draft202012Validator(json.loads(SCHEMA.read_text()))
    check.validate(own.record)
    older = {key: value for key, value in own.record.items() if key not in ("waivers", "attempts", "looks")}
    check.validate(older)
    assert not check.is_valid({**own.record, "more": 1})
    assert not check.is_valid({**own.record, "verdict": "MAYBE"})


def test_the_record_names_what_it_rests_on(own: Project) -> None:
    digests = own.record["digests"]
    assert digests["adapter"] == own.record["candidate"]["adapter_digest"]
    assert digests["base"] == own.record["candidate"]["base_digest"]
    for name in ("release", "policy", "harness", "suite queue", "data queue.sort", "prompts queue.sort",
                 "metric accuracy"):  # fmt: skip
        assert digests[name]


def test_an_edited_record_is_named(own: Project, said: Said) -> None:
    edit(own, to_fail)
    code, text = said()
    assert code == 2
    assert "its id no longer fits what it says" in text
    assert "gate queue.accuracy:at_least: verdict: FAIL here, PASS from the stored runs" in text


def test_a_record_that_was_edited_with_its_id_is_named_by_field(own: Project, said: Said) -> None:
    def change(record: dict[str, Any]) -> None:
        to_fail(record)
        record["results"][0]["finding"]["evidence"]["low"] = 0.123
        record["notes"] = ["all is well"]

    edit(own, change, seal=True)
    code, text = said()
    assert code == 2
    assert "its id no longer fits" not in text
    assert "gate queue.accuracy:at_least: verdict: FAIL here, PASS from the stored runs." in text
    assert "gate queue.accuracy:at_least: low: 0.123 here, 0." in text
    assert 'notes: ["all is well"] here, [' in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda record: record.update(decided="2020-01-01T00:00:00+00:00"),
            "decided: 2020-01-01T00:00:00+00:00 here, ",
        ),
        (lambda record: record["results"][0]["gate"]["place"].update(line=99), "gate.place.line: 99 here, "),
    ],
)
def test_what_the_id_does_not_cover_is_held_against_the_store(
    own: Project, said: Said, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    edit(own, change)
    code, text = said()
    assert code == 2
    assert message.replace("gate.place", "place") in text
    assert "in the store" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "is no decision's record"),
        ("{}", "'verdict' is a required property"),
    ],
)
def test_what_is_no_record_is_told(own: Project, said: Said, text: str, message: str) -> None:
    record_file(own).write_text(text)
    assert (said()[0], message in said()[1]) == (2, True)
    record_file(own).unlink()
    assert "cannot be read" in said()[1]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("unknown", 1),
        ("verdict", "MAYBE"),
        ("digests", {"a": 1}),
        ("decided", "soon"),
        ("runs", {}),
        ("runs", {"candidate": {"queue": "../../elsewhere"}}),
        ("id", "../x"),
    ],
)
def test_a_record_against_the_schema_is_told(own: Project, said: Said, key: str, value: object) -> None:
    edit(own, lambda record: record.update({key: value}))
    code, text = said()
    assert code == 2
    assert "is no decision's record" in text
