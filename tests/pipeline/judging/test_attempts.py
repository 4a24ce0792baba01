"""How many candidates were judged on the same samples: counted once each, told, and refused past the policy's limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.main import main
from harness.core.metric_refs import MetricRef
from harness.core.policies import Gate
from harness.core.samples import Sample
from harness.core.verdicts import Verdict
from harness.pipeline.judging.attempts import NONE, Attempts, count, data_of, recorded, too_many
from harness.pipeline.judging.judge import decision_id, judge
from harness.store import bundle, files
from tests.pipeline.hand_made import CANDIDATE, WHOLE, gate, material, release, result, with_run
from tests.pipeline.release_project import Project, rows, write_rows
from tests.tgi_stub import Stub
from tests.weights import adapter_file

ASKED = gate("s.accuracy", "at_least", 0.5)


def told(capfd: pytest.CaptureFixture[str]) -> str:
    """What was printed, however wide the terminal is."""
    return " ".join(capfd.readouterr().out.split())


def lines(*told: tuple[str, str]) -> list[dict[str, Any]]:
    """Judgements of (adapter, digest of the samples of s.t), oldest first."""
    return [{"candidate": adapter, "data": {"s.t": digest}} for adapter, digest in told]


def number(told: Iterable[dict[str, Any]], adapter: str, digest: str = "D") -> int:
    return count(told, adapter, {"s.t": digest}).numbers["s.t"]


def test_each_candidate_counts_once_and_keeps_its_number() -> None:
    told = lines(("a", "D"), ("a", "D"), ("b", "D"), ("x", "other"), ("a", "D"), ("c", "D"))
    assert [number(told, adapter) for adapter in "abcd"] == [1, 2, 3, 4]
    assert number([], "a") == 1


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("DE"))), st.data())
def test_what_follows_changes_no_number(told: list[tuple[str, str]], data: st.DataObject) -> None:
    """A decision counts before its own line is written; judged again it must come out the same."""
    adapter, digest = data.draw(st.tuples(st.sampled_from("abcd"), st.sampled_from("DE")))
    before = count(lines(*told), adapter, {"s.t": digest})
    later = data.draw(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("DE"))))
    assert count(lines(*told, (adapter, digest), *later), adapter, {"s.t": digest}).numbers == before.numbers


def test_the_samples_count_and_not_the_name_of_the_task() -> None:
    told = [{"candidate": "a", "data": {"old.name": "D", "s.other": "D"}}]
    assert number(told, "b") == 2


def test_lines_of_older_harnesses_are_not_counted() -> None:
    told = [{"decision": "d", "runs": {}}, {"decision": "d", "candidate": None, "data": None}, *lines(("a", "D"))]
    assert number(told, "b") == 2


def test_a_second_look_on_other_samples_is_told() -> None:
    told = lines(("a", "D"), ("a", "E"), ("b", "E"))
    assert count(told, "a", {"s.t": "E"}).notes == ("this adapter was judged before on other samples of s.t",)
    assert count(told, "a", {"s.t": "D"}).notes == ()
    assert count(told, "b", {"s.t": "E"}).notes == ("attempt 2 on the samples of s.t",)


def judged(attempts: Attempts, most: int | None, *gates: Gate) -> Any:
    whole = release(*gates)
    limited = replace(whole, policy=replace(whole.policy, max_attempts=most))
    return judge(limited, material(WHOLE), CANDIDATE, "2026-11-22", attempts)


def test_a_decision_says_which_attempt_it_is() -> None:
    plain, first, seventh = (judged(Attempts(numbers), None, ASKED) for numbers in ({}, {"s.t": 1}, {"s.t": 7}))
    assert (plain.attempts, first.attempts, seventh.attempts) == ({}, {"s.t": 1}, {"s.t": 7})
    assert "attempt 7 on the samples of s.t" in seventh.notes
    assert not any("attempt" in note for note in first.notes)
    assert plain.id == decision_id(plain) == judged(NONE, None, ASKED).id
    assert len({plain.id, first.id, seventh.id}) == 3


def test_past_the_limit_nothing_is_judged() -> None:
    reserved = gate("latency.p95", "at_most", 5.0)
    assert judged(Attempts({"s.t": 20}), 20, ASKED, reserved).verdict is Verdict.PASS
    decision = judged(Attempts({"s.t": 21}), 20, ASKED, reserved)
    assert [one.verdict for one in decision.results] == [Verdict.ERROR, Verdict.PASS]
    assert decision.verdict is Verdict.ERROR
    assert (
        "attempt 21 on the samples of s.t, and the policy allows 20: renew the test rows"
        in decision.results[0].sentence
    )
    assert not decision.results[0].finding.outside


def test_an_unknown_number_is_no_small_number() -> None:
    decision = judged(NONE, 20, ASKED)
    assert decision.verdict is Verdict.ERROR
    assert "nobody knows how many candidates" in decision.results[0].sentence


def test_a_gate_against_the_clean_run_is_on_its_samples_too() -> None:
    refs = {"s.m": MetricRef("s", "t", "m", ("c", "u"))}
    clean, alone = replace(gate("s.m", "margin", 0.1), against="clean"), gate("s.m", "at_least", 0.1)
    assert "samples of c.u" in str(too_many(clean, refs, {"s.t": 1, "c.u": 3}, 2))
    assert too_many(clean, refs, {"s.t": 1, "c.u": 2}, 2) is None
    assert too_many(alone, refs, {"s.t": 1}, 2) is None


def test_the_record_alone_gives_its_attempts() -> None:
    attempts = Attempts({"s.t": 3, "s.u": 1}, ("s.u",))
    assert recorded(judged(attempts, None, ASKED)) == attempts


def test_the_digest_is_of_the_samples_whatever_their_order() -> None:
    found = result([True] * 3)
    changed = (Sample("s0000", {"text": "other"}, "no"), *found.samples[1:])
    assert replace(found, samples=found.samples[::-1]).data == found.data
    assert replace(found, outputs=(), answers=(), scores=()).data == found.data
    assert len({found.data, replace(found, samples=changed).data, replace(found, samples=changed[:2]).data}) == 3


def test_the_measured_phase_is_no_attempt() -> None:
    found = with_run(material(WHOLE), "candidate", data={"t": "D"})
    assert data_of(found) == {"s.t": "D"}


def other_adapter(project: Project, name: str) -> None:
    project.weights.write_bytes(adapter_file(name))


def test_candidates_are_counted_over_runs_of_the_gate(project: Project, stub: Stub) -> None:
    assert project.gate() == 0
    first, given = project.record, project.weights.read_bytes()
    assert first["attempts"] == {"queue.sort": 1}
    assert project.gate() == 0
    assert project.record["id"] == first["id"], "a rerun is no attempt"
    other_adapter(project, "second")
    assert project.gate() == 0
    assert project.record["attempts"] == {"queue.sort": 2}
    assert "attempt 2 on the samples of queue.sort" in project.record["notes"]
    told = list(files.lines_of(project.state.attempts))
    assert [line["data"] for line in told] == [{"queue.sort": first_data(project)}] * 3
    assert [line["candidate"] for line in told[:2]] == [first["candidate"]["adapter_digest"]] * 2
    assert project.call("promote", "--to", "dev") == 0
    assert [main(["store", verb, "-f", str(project.file)]) for verb in ("verify", "rebuild", "verify")] == [0, 0, 0]
    assert project.call("promote", "--to", "staging") == 0
    project.weights.write_bytes(given)
    assert project.call("promote", "--to", "dev", "--decision", first["id"][:12]) == 0, "its number is still 1"


def first_data(project: Project) -> str:
    return next(run.data["sort"] for folder in project.bundles if (run := bundle.read_run(folder)).data)


def test_the_policy_refuses_one_candidate_too_many(project: Project, stub: Stub, capfd: Any) -> None:
    project.release["policy"]["max_attempts"] = 1
    project.write()
    assert project.gate() == 0
    other_adapter(project, "second")
    assert project.gate() == 2
    assert "attempt 2 on the samples of queue.sort, and the policy allows 1" in told(capfd)
    write_rows(project.root / "data/test.jsonl", rows(60, "renewed"))
    assert project.gate() == 0
    assert "this adapter was judged before on other samples of queue.sort" in project.record["notes"]


def test_a_register_that_was_removed_does_not_start_anew(project: Project, stub: Stub) -> None:
    assert project.gate() == 0
    project.state.attempts.unlink()
    other_adapter(project, "second")
    assert project.gate() == 0
    assert project.record["attempts"] == {"queue.sort": 2}


def test_a_line_that_never_reached_the_table_counts(project: Project, stub: Stub) -> None:
    assert project.gate() == 0
    (line,) = files.lines_of(project.state.attempts)
    with project.state.attempts.open("ab") as file:
        file.write(orjson.dumps({**line, "number": 2, "candidate": "f" * 64}) + b"\n")
    other_adapter(project, "third")
    assert project.gate() == 0
    assert project.record["attempts"] == {"queue.sort": 3}


@pytest.mark.parametrize("again", [False, True])
def test_a_waiver_holds_until_its_day_for_promotion_too(
    project: Project, stub: Stub, again: bool, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1]  # as good as the base model, and no better
    assert project.gate() in (1, 3)
    (project.root / "waivers.yaml").write_text(
        "waivers:\n- {gate: 'queue.accuracy:improves:base', owner: Ana, reason: it is cheaper, largest_drop: 0.1, "
        "expires: '2999-12-31'}\n"
    )
    assert project.gate() == 0
    assert "2 gates that must pass do, 1 by a waiver: queue.accuracy:improves:base (owner Ana" in told(capfd)
    if again:
        (project.root / "waivers.yaml").unlink()
        assert project.call("promote", "--to", "dev") == 2, "the waiver was taken back"
        return
    monkeypatch.setattr("harness.pipeline.registry.evidence.now", lambda: "3000-01-01T00:00:00+00:00")
    assert project.call("promote", "--to", "dev") == 2
    assert "rests on a waiver that is over: queue.accuracy:improves:base (owner Ana)" in capfd.readouterr().err
    monkeypatch.undo()
    assert project.call("promote", "--to", "dev") == 0


def test_what_was_waived_and_tried_before_is_verified_too(project: Project, stub: Stub) -> None:
    """From the register, or from bundles alone; and whatever waivers.yaml says today."""
    stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1]
    project.gate()
    other_adapter(project, "second")
    waivers = project.root / "waivers.yaml"
    waivers.write_text(
        "waivers:\n- {gate: 'queue.accuracy:improves:base', owner: Ana, reason: x, largest_drop: 0.1, "
        "expires: '2999-12-31'}\n"
    )
    assert project.gate() == 0
    assert project.record["attempts"] == {"queue.sort": 2}
    waivers.unlink()
    record = str(project.state.decision(project.record["id"]))
    assert project.call("verify", record) == 0
    assert project.call("verify", record, "--bundles", str(project.state.state / "runs")) == 0
    with project.state.attempts.open("ab") as file:
        line = {**next(files.lines_of(project.state.attempts)), "number": 0, "candidate": "e" * 64}
        file.write(orjson.dumps(line) + b"\n")
    assert project.call("verify", record) == 2, "the register tells another number"
