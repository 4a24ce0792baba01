"""Personal data is found, what only looks like it is not, and no value is ever told."""

from __future__ import annotations

import pytest

from harness.data.checks.interface import Setting
from harness.data.checks.personal import Check, is_card, is_iban
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

# Made from parts, so that no search for keys in this repository finds one.
_TOKEN = "hf" + "_" + "aBcD" * 9


def _found(*texts: str) -> list[DataFinding]:
    check = Check(Setting())
    rows = [DataRow("a.jsonl", line, "task", text, "ok", (("user", text), ("assistant", "ok"))) for line, text in enumerate(texts, 1)]  # fmt: skip # noqa: E501
    for start in range(0, len(rows), 3):
        check.look(rows[start : start + 3])
    return list(check.findings())


@pytest.mark.parametrize(
    ("text", "what", "severity"),
    [
        ("write to jane.doe+shop@mail.de, please", "an e-mail address", Severity.WARNING),
        ("call me on +49 (0)170 / 123 45 67 today", "a telephone number", Severity.WARNING),
        ("call 0049 30 1234567", "a telephone number", Severity.WARNING),
        ("my number is (415) 555-2671.", "a telephone number", Severity.WARNING),
        ("ring 415-555-2671", "a telephone number", Severity.WARNING),
        ("my card is 4111 1111 1111 1111", "a card number", Severity.ERROR),
        ("card 5500-0000-0000-0004 was charged", "a card number", Severity.ERROR),
        ("amex 378282246310005.", "a card number", Severity.ERROR),
        ("pay to DE89 3704 0044 0532 0130 00 NOW", "an account number", Severity.ERROR),
        ("GB82WEST12345698765432", "an account number", Severity.ERROR),
        (f"my token is {_TOKEN}", "a key", Severity.ERROR),
    ],
)  # fmt: skip
def test_what_is_found(text: str, what: str, severity: Severity) -> None:
    [found] = _found("hello", "there", "again", "and", text, "again")
    assert what in found.message
    assert (found.severity, found.count) == (severity, 1)
    assert [place.line for place in found.places] == [5]
    assert found.drop == (found.places if severity is Severity.ERROR else ())


@pytest.mark.parametrize(
    "text",
    [
        "order 4111 1111 1111 1112 is late",  # a wrong check digit
        "DE88 3704 0044 0532 0130 00 is mistyped",
        "the code 1234567890123456 of the parcel",
        "0000 0000 0000 0000",
        "it costs 1,299.00 euro, invoice 2026-11-22-000123",
        "version 1.2.3, from 10:30 to 12:45, 3 x 4 @ 5",
        "write to someone@example.com or to me @ home",
        "sku 415-555-26711 and 2023-10-12 14:00:00",
        "the task-sk-model and risk-taking",
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    assert _found(text) == []


def test_no_value_is_told() -> None:
    for found in _found(f"jane@mail.de 4111111111111111 GB82WEST12345698765432 +49 170 1234567 {_TOKEN}"):
        said = f"{found.message} {found.advice}"
        assert not any(part in said for part in ("jane", "4111", "GB82", "170", _TOKEN[3:9]))


def test_rows_are_counted_once_for_each_kind() -> None:
    [found] = _found(*["a@mail.de and b@mail.de"] * 30)
    assert (found.count, len(found.places)) == (30, 20)


def test_letters_that_have_two_in_small_move_no_place() -> None:
    [found] = _found("İİİİİ", "İstanbul", _TOKEN)
    assert [place.line for place in found.places] == [3]


def test_system_turns_are_looked_at() -> None:
    check = Check(Setting())
    check.look([DataRow("a", 1, "chat", "hi", "ok", (("system", _TOKEN), ("user", "hi"), ("assistant", "ok")))])
    assert len(list(check.findings())) == 1


def test_check_digits() -> None:
    assert is_card("4111111111111111")
    assert not is_card("4111111111111110")
    assert is_iban("DE89370400440532013000")
    assert not is_iban("DE89370400440532013001")
