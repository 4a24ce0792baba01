"""waivers.yaml: each mistake is told with file, line and what to do; nothing critical can be waived."""

from __future__ import annotations

import pytest

from harness.config.load import load_release
from tests.projects import Project

FILE = "waivers.yaml"
ID = "desk.orders.exact_match:margin:base"
GOOD = f"""\
waivers:
  - gate: {ID}
    owner: Ana
    reason: the new order numbers come in March
    largest_drop: 0.04
    expires: "2026-12-31"
"""


def problems(desk: Project, text: str) -> list[str]:
    desk.write(FILE, text)
    return desk.problems()


def test_a_waiver_holds_what_was_written(desk: Project) -> None:
    desk.write(FILE, GOOD + "    adapter: 0123abcd\n")
    release, found = load_release(desk.root / "release.yaml")
    assert found == []
    assert release is not None
    (waiver,) = release.waivers
    assert (waiver.gate, waiver.owner, waiver.largest_drop, waiver.expires) == (ID, "Ana", 0.04, "2026-12-31")
    assert (waiver.release, waiver.adapter) == (None, "0123abcd")
    assert str(waiver.place) == "waivers.yaml:2"


def test_without_the_file_nothing_is_waived(desk: Project) -> None:
    release, _ = load_release(desk.root / "release.yaml")
    assert release is not None
    assert release.waivers == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (ID, "desk.orders.exact_match:marjin", 2, f"no gate 'desk.orders.exact_match:marjin'. Did you mean '{ID}'?"),
        (ID, "zzz", 2, "the release has no gate 'zzz'. There are: triage.accuracy:at_least, "),
        (ID, "latency.p95:at_most", 2, "an advisory gate blocks nothing, so there is nothing to waive."),
        ("0.04", "4", 5, "4 lets anything pass; 0.04 is a drop of 4 points."),
        ("0.04", "0.9", 5, "0.9 lets anything pass"),
        ("0.04", "0", 5, "'largest_drop' (0) should be greater than 0."),
        ("0.04", "-0.04", 5, "'largest_drop' (-0.04) should be greater than 0."),
        ('"2026-12-31"', '"2026-02-30"', 6, "'2026-02-30' is no day of the calendar."),
        ('"2026-12-31"', '"31.12.2026"', 6, "'expires' ('31.12.2026') must match"),
        ('"2026-12-31"', "2026-12-31", 6, "reads as a date. Put it in quotes"),
        ("owner: Ana", "owner: ''", 3, "'owner'"),
        ("owner: Ana", "ovner: Ana", 3, "unknown key 'ovner'. Did you mean 'owner'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_line(desk: Project, old: str, new: str, line: int, said: str) -> None:
    found = problems(desk, GOOD.replace(old, new))
    assert any(text.startswith(f"{FILE}:{line}: ") and said in text for text in found), found


def test_a_critical_failure_cannot_be_waived(desk: Project) -> None:
    line = "  - {metric: triage.accuracy, at_least: 0.6"
    desk.swap("release.yaml", line, line + ", role: critical")
    found = problems(desk, GOOD.replace(ID, "triage.accuracy:at_least"))
    assert found == [f"{FILE}:2: triage.accuracy:at_least: a critical failure cannot be waived."]


def test_that_nothing_critical_fails_cannot_be_waived(desk: Project) -> None:
    desk.swap("release.yaml", "at_least: 0.6", "no_critical_failures: true")
    found = problems(desk, GOOD.replace(ID, "triage.accuracy:no_critical_failures"))
    assert f"{FILE}:2: triage.accuracy:no_critical_failures: a critical failure cannot be waived." in found


def test_a_gate_is_waived_once_for_the_same(desk: Project) -> None:
    again = GOOD.removeprefix("waivers:\n")
    assert problems(desk, GOOD + again) == [f"{FILE}:7: the gate {ID} is waived twice for the same."]
    assert problems(desk, GOOD + again + "    release: desk\n") == []


def test_a_waiver_for_another_release_may_be_for_a_gate_that_only_that_one_has(desk: Project) -> None:
    other = GOOD.replace(ID, "zzz") + "    release: other\n"
    assert problems(desk, other) == []
    assert problems(desk, other.replace("release: other", "release: desk")) != []


def test_gates_that_are_wrong_themselves_are_told_once(desk: Project) -> None:
    desk.swap("release.yaml", "metric: desk.orders.exact_match", "metric: desk.orders.exact_mtch")
    found = problems(desk, GOOD)
    assert len(found) == 1
    assert found[0].startswith("release.yaml:")


def test_all_problems_come_at_once(desk: Project) -> None:
    desk.swap("release.yaml", "few_shot: 2", "few_shot: 5")
    found = problems(desk, GOOD.replace("0.04", "4").replace("2026-12-31", "2026-02-30"))
    assert [text.partition(": ")[0] for text in found if text.startswith(FILE)] == [f"{FILE}:5", f"{FILE}:6"]
    assert found[0].startswith("release.yaml:")
