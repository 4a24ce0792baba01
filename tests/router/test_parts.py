"""Choosing a side, health, events, the log: each part by itself."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from harness.router.answers import Told, events_of, read_event, told_by, whole_events
from harness.router.bodies import asked
from harness.router.choose import choose, place_of
from harness.router.health import Health
from harness.router.log import REDACTED, Redaction, Seen, Texts, TrafficLog, seen_in
from harness.router.table import OPENAI, Routes, Target

ONE, TWO = Target("v1", ("http://a",), "one"), Target("v2", ("http://b",), "two")
USERS = [f"user-{number}".encode() for number in range(5_000)]


def _on_canary(share: float, canary: Target = TWO) -> set[bytes]:
    return {who for who in USERS if choose(Routes(ONE, canary, share), who) == "canary"}


def test_a_growing_share_only_adds_users() -> None:
    small, large = _on_canary(0.05), _on_canary(0.2)
    assert small < large
    assert 0.035 < len(small) / len(USERS) < 0.065
    assert 0.17 < len(large) / len(USERS) < 0.23


def test_each_canary_is_tried_by_other_users() -> None:
    assert len(_on_canary(0.1) & _on_canary(0.1, Target("v3", ("http://b",), "three"))) < 120


def test_without_a_name_chance_decides_and_without_a_canary_nothing_does() -> None:
    sides = [choose(Routes(ONE, TWO, 0.5), None) for _ in range(400)]
    assert 120 < sides.count("canary") < 280
    assert {choose(Routes(ONE), who) for who in USERS[:50]} == {"production"}
    assert all(0 <= place_of(who, "v2") < 1 for who in USERS)


def test_a_body_without_parameters_still_samples() -> None:
    body = asked("/generate", b'{"inputs": "x"}')
    assert orjson.loads(body.of(ONE))["parameters"] == {"do_sample": True, "adapter_id": "one"}
    assert orjson.loads(body.of(Target("base", ())))["parameters"] == {"do_sample": True}
    given = asked("/generate", b'{"inputs": "x", "parameters": {"seed": 7}}')
    assert orjson.loads(given.of(ONE))["parameters"] == {"seed": 7, "adapter_id": "one"}


def test_an_openai_server_has_its_routes_below_its_url() -> None:
    target = Target("v1", ("http://a/v1",), "one", OPENAI)
    assert target.path("/v1/chat/completions") == "/chat/completions"
    assert target.path("/generate") is None


def test_who_stands_in_for_whom() -> None:
    base = Target("base", ("http://a",))
    assert Routes(ONE, TWO, 0.1, (base,)).chain("canary") == (TWO, ONE, base)
    assert Routes(ONE, TWO, 0.1, (base,)).chain("production") == (ONE, base)
    assert Routes(ONE, TWO, 0.1).chain("canary") == (TWO,)


def test_a_server_rests_and_is_tried_by_one_request() -> None:
    now = 0.0
    health = Health(2, 10.0, lambda: now)
    for _ in range(2):
        health.leave(health.enter("a"), False)
    assert health.order(["a", "b"]) == ["b"]
    now = 10.0
    probe = health.enter("a")
    assert not health.usable("a")
    health.leave(probe, False)
    now = 19.0
    assert not health.usable("a")
    now = 20.0
    health.leave(health.enter("a"), True)
    health.leave(health.enter("a"), False)
    assert health.usable("a")


def test_the_server_with_least_to_do_comes_first() -> None:
    health = Health(2, 10.0)
    health.enter("a")
    assert health.order(["a", "b"]) == ["b", "a"]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
def test_events_are_told_from_what_is_not_whole(end: bytes) -> None:
    whole, rest = whole_events(b"data: 1" + end + b"data: 2" + end + b"data: 3\n")
    assert events_of(whole) == [b"data: 1", b"data: 2"]
    assert rest == b"data: 3\n"
    assert whole_events(b"data") == (b"", b"data")


def test_an_event_that_is_none_of_the_api_tells_nothing() -> None:
    for event in (b": comment", b"data: {", b'data: {"token": 1}', b"data: 7", b"event: ping"):
        told = Told()
        read_event("/generate_stream", event, told)
        assert told == Told()


def test_numbers_come_from_details_or_headers() -> None:
    body = b'{"generated_text": "ab", "details": {"finish_reason": "length", "generated_tokens": 2, "prefill": []}}'
    told = told_by("/generate", body, [(b"x-prompt-tokens", b"9"), (b"x-generated-tokens", b"5")])
    assert (told.prompt_tokens, told.generated_tokens, told.finish_reason) == (9, 2, "length")


SEEN = Seen(time=1_767_225_600.5, side="canary", version="v2", status=200, seconds=0.25, chars=4, fault="500")


def test_a_line_of_the_log_comes_back_as_it_was(tmp_path: Path) -> None:
    log = TrafficLog(tmp_path / "t", tmp_path / "r", Redaction(), 1e9)
    log.note(SEEN)
    assert log.flush() is None
    assert list(seen_in(tmp_path / "t")) == [SEEN]
    assert list(seen_in(tmp_path / "t", SEEN.time + 1)) == []
    assert (tmp_path / "t" / "2026-01-01.jsonl").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "r").exists()


def test_a_torn_line_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "2026-01-01.jsonl"
    path.write_bytes(b'{"time": 17672')
    log = TrafficLog(tmp_path, tmp_path / "r", Redaction(), 1e9)
    log.note(SEEN)
    log.flush()
    assert list(seen_in(tmp_path)) == [SEEN]


def test_old_files_go(tmp_path: Path) -> None:
    (tmp_path / "2020-01-01.jsonl").write_text("")
    (tmp_path / "mine.jsonl").write_text("")
    log = TrafficLog(tmp_path, tmp_path / "r", Redaction(), 86_400.0)
    log.note(SEEN)
    log.flush()
    assert not (tmp_path / "2020-01-01.jsonl").exists()
    assert (tmp_path / "mine.jsonl").exists()


def test_a_disk_that_refuses_loses_lines_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("a file")
    log = TrafficLog(tmp_path / "t", tmp_path / "r", Redaction(), 1e9)
    log.note(SEEN)
    assert log.flush()
    assert log.lost == 1


def test_texts_are_redacted_and_masked(tmp_path: Path) -> None:
    redaction = Redaction((re.compile(r"[\w.]+@[\w.]+"),))
    log = TrafficLog(tmp_path / "t", tmp_path / "r", redaction, 1e9)
    key = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3k"
    body = {"inputs": "write to ann@example.org", "m": [{"ann@example.org": key}]}
    log.note(SEEN, Texts(SEEN, body, f"sent to bob@example.org with {key}"))
    log.flush()
    (line,) = (tmp_path / "r" / "2026-01-01.jsonl").read_bytes().splitlines()
    assert b"example.org" not in line
    assert key.encode() not in line
    assert orjson.loads(line)["body"]["inputs"] == f"write to {REDACTED}"
    assert b"inputs" not in (tmp_path / "t" / "2026-01-01.jsonl").read_bytes()
