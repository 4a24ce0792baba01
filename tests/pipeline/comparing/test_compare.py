"""`harness compare`: two stored sides, by every name they have; what changed, and what cannot be compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.client.proof import PROVEN
from harness.core.runs import MetricInfo
from harness.pipeline.comparing.classes import confusions
from harness.pipeline.comparing.notes import notes_between
from harness.pipeline.comparing.parts import parts
from harness.pipeline.comparing.samples import AskedPair
from harness.pipeline.judging.comparable import Asked
from harness.report.comparing.view import Side
from harness.stats.analysis import difference
from harness.stats.multiple import benjamini_hochberg
from harness.stats.paired import Table, mcnemar_mid_p
from harness.stats.series import Pair, Series, Settings
from harness.stats.symmetry import bowker, stuart_maxwell
from harness.store.columns import TaskColumns
from tests.pipeline import hand_made
from tests.pipeline.release_project import LABELS, Project, make_project, rows, write_rows
from tests.tgi_stub import ADAPTER, Stub, running

N = 60
STEERING, MARKUP = "\x1b[2J", "<b>@team</b> |"


def answer(text: str, adapter: str | None) -> str:
    """The adapter is right but for every tenth message; the base says "other", which a third of the targets are."""
    number = int(text.split()[1])
    return "other" if adapter != ADAPTER else LABELS[(number + (number % 10 == 0)) % 3]


def with_slices(values: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same in two languages; one of them tries to steer what shows it."""
    sliced = [{**value, "language": ("en", "de")[i % 2]} for i, value in enumerate(values)]
    return [
        {**value, "text": f"{STEERING}{value['text']} {MARKUP}"} if i == 49 else value for i, value in enumerate(sliced)
    ]


def stub_answer(text: str, adapter: str | None) -> str:
    words = text.replace(STEERING, "").strip()
    return answer(words, adapter) if words.startswith("message") else "other"


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with a decision and a version."""
    with running(Stub(answer=stub_answer)) as stub:
        project = make_project(tmp_path_factory.mktemp("compared"), stub.url)
        project.suite["tasks"]["sort"]["slices"] = ["language"]
        project.release["gates"][0]["at_least"] = 0.5
        project.write()
        write_rows(project.root / "data/examples.jsonl", with_slices(rows(9, "example")))
        write_rows(project.root / "data/test.jsonl", with_slices(rows(N)))
        assert project.gate() == 0
        assert project.call("promote", "--to", "staging") == 0
        yield project


@pytest.fixture
def own(gated: Project, tmp_path: Path) -> Project:
    """A copy of it to change."""
    return gated.copied(tmp_path)


Said = Callable[..., tuple[int, str]]


@pytest.fixture
def said(gated: Project, capfd: pytest.CaptureFixture[str]) -> Said:
    def call(*words: str, project: Project = gated) -> tuple[int, str]:
        capfd.readouterr()
        code = project.call("compare", *words)
        return code, "".join(capfd.readouterr())

    return call


@pytest.fixture
def record(said: Said) -> Callable[..., dict[str, Any]]:
    def call(*words: str) -> dict[str, Any]:
        code, text = said(*words, "--format", "json")
        assert code == 0, text
        return dict(json.loads(text))

    return call


Record = Callable[..., dict[str, Any]]


def metric(found: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(next(one for one in found["tasks"][0]["metrics"] if one["metric"] == name))


def test_each_metric_has_both_values_and_the_difference_that_a_gate_would_see(record: Record) -> None:
    found = metric(record("candidate", "base"), "accuracy")
    right = [i % 10 != 0 for i in range(N)]
    base = [i % 3 == 2 for i in range(N)]
    wanted = difference(
        Pair(Series("rate", np.array(right, float)), Series("rate", np.array(base, float))),
        Settings(0.05, 1999, 20_260_101, 30),
    ).evidence
    assert found["values"] == pytest.approx([0.9, 1 / 3])
    for name in ("difference", "low", "high", "pairs", "method"):
        assert found["evidence"][name] == getattr(wanted, name)


def test_the_samples_that_changed_are_told_both_ways(record: Record) -> None:
    forth, back = metric(record("candidate", "base"), "accuracy"), metric(record("base", "candidate"), "accuracy")
    better = [f"message{i}" for i in range(N) if i % 10 and i % 3 != 2]
    worse = [f"message{i}" for i in range(N) if i % 10 == 0 and i % 3 == 2]
    assert (forth["better"], forth["worse"]) == (better, worse)
    assert (back["better"], back["worse"]) == (worse, better)
    assert forth["same"] == N - len(better) - len(worse)


def test_a_side_has_several_names(gated: Project, record: Record) -> None:
    decision, run = gated.record["id"], gated.record["runs"]["candidate"]["queue"]
    usual = record("candidate", "base")
    for name, what in (
        (run[:9], f"the candidate's run {run[:12]}"),
        (f"decision:{decision[:6]}", f"the candidate of decision {decision[:12]}"),
        ("v1", f"version 1, the candidate of decision {decision[:12]}"),
    ):
        found = record(name, "base")
        assert (found["ours"]["word"], found["ours"]["what"]) == (name, what)
        assert (found["tasks"], found["ours"]["runs"]) == (usual["tasks"], {"queue": run})


def test_the_worst_samples_come_with_what_both_sides_gave(record: Record) -> None:
    worst = record("base", "candidate", "--worst", "3")["tasks"][0]["worst"]
    assert [one["id"] for one in worst] == ["message1", "message3", "message4"]
    assert worst[0] == {"id": "message1", "scores": [0.0, 1.0], "asked": "message 1 about shipping",
                        "target": "shipping", "said": ["other", "shipping"]}  # fmt: skip
    assert record("base", "candidate", "--worst", "0")["tasks"][0]["worst"] == []


def test_confusions_that_moved_are_counted_and_tested(record: Record) -> None:
    found = record("candidate", "base")["tasks"][0]["confusions"]
    ours = [(i + (i % 10 == 0)) % 3 for i in range(N)]
    table = np.zeros((3, 3), dtype=np.int64)
    np.add.at(table, (ours, [2] * N), 1)
    assert (found["bowker"], found["stuart_maxwell"]) == pytest.approx((bowker(table).p, stuart_maxwell(table).p))
    moved = {(one["target"], one["answer"]): one["counts"] for one in found["moved"]}
    assert moved == {("billing", "other"): [0, 20], ("shipping", "other"): [2, 20], ("billing", "shipping"): [2, 0],
                     ("other", "billing"): [2, 0]}  # fmt: skip


def test_parts_are_tested_and_flagged_over_all_of_them(record: Record) -> None:
    found = {(one["metric"], one["part"]): one for one in record("candidate", "base")["tasks"][0]["parts"]}
    assert {"class billing", "class shipping", "class other", "language=de", "language=en"} <= {n for _, n in found}
    # Of 20 billing messages the candidate has 18 right, the base none.
    assert found["accuracy", "class billing"]["p"] == pytest.approx(mcnemar_mid_p(Table(0, 18, 0, 2)))
    tested = [one for one in found.values() if one["p"] is not None]
    adjusted = benjamini_hochberg([one["p"] for one in tested])
    assert [one["adjusted"] for one in tested] == pytest.approx(adjusted)
    assert {one["flagged"] for one in tested} == {True, False}
    assert all(one["flagged"] == (one["adjusted"] <= 0.05) for one in tested)


@pytest.mark.parametrize("width", ["40", "72", "110"])
def test_the_text_fits_the_terminal_and_cannot_steer_it(
    said: Said, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    code, text = said("base", "candidate", "--worst", "60")
    assert code == 0
    assert max(map(len, text.splitlines())) <= int(width)
    assert "\x1b" not in text
    assert "␛[2J" in text
    assert "exploratory" in text
    assert "note: queue: examples before each question: 2 for A, 0 for B" in " ".join(text.split())


def test_markdown_has_a_table_of_metrics_and_no_live_markup(said: Said) -> None:
    code, text = said("candidate", "base", "--format", "markdown")
    assert code == 0
    assert "| accuracy | 90.0 % | 33.3 % | \\+56.7 points |" in text.replace("\u00a0", " ")
    code, text = said("base", "candidate", "--format", "markdown", "--worst", "60")
    assert "␛" in text
    assert "\x1b" not in text
    assert "<b>" not in text
    assert "@team" not in text


def test_a_side_against_itself_differs_in_nothing_and_is_named(record: Record) -> None:
    found = record("candidate", "candidate")
    assert metric(found, "accuracy")["evidence"]["difference"] == 0
    assert [metric(found, "accuracy")[name] for name in ("worse", "better")] == [[], []]
    assert not any(one["flagged"] for one in found["tasks"][0]["parts"])
    assert "are the same run" in found["notes"][0]


def test_runs_on_other_samples_are_refused_with_both_counts(own: Project, said: Said) -> None:
    old = own.record["runs"]["candidate"]["queue"]
    write_rows(own.root / "data/test.jsonl", with_slices(rows(N + 1)))
    assert own.gate() in (0, 3)
    code, text = said(old[:12], "candidate", project=own)
    assert code == 2
    assert "queue.sort can't be compared: other samples (60 and 61; message60 of 1 only there)" in text
    assert "accuracy" not in text, "nothing is compared on the samples that both have"


def test_runs_with_another_prompt_are_refused_with_both_prompts(own: Project, said: Said) -> None:
    old = own.record["runs"]["candidate"]["queue"]
    own.suite["tasks"]["sort"]["prompt"]["user"] = "{{ text }} "
    own.write()
    assert own.gate() in (0, 3)
    code, text = said(old[:12], "candidate", project=own)
    assert code == 2
    assert 'prompt {"system": null, "user": "{{ text }}"} and {"system": null, "user": "{{ text }} "}' in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nobody", "base"), "'nobody' is no role, no version and no run's first digits. Roles of the newest decision: "
         "candidate, base."),
        (("v9", "base"), "there is no version 'v9'"),
        (("decision:", "base"), "names no decision"),
        (("decision:zz", "base"), "no single decision of r starts with 'zz'"),
        (("", "base"), "'' is no role"),
        (("candidate", "base", "--task", "orders"), "no task that both sides have is named 'orders'. There are: "
         "queue.sort."),
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_problem(said: Said, words: tuple[str, ...], message: str) -> None:
    code, text = said(*words)
    assert code == 2
    assert message in text


def test_a_task_is_chosen_by_any_of_its_names(record: Record) -> None:
    for name in ("queue", "sort", "queue.sort"):
        assert [one["name"] for one in record("candidate", "base", "--task", name)["tasks"]] == ["queue.sort"]


def test_a_project_without_a_store_is_a_problem(tmp_path: Path, said: Said) -> None:
    with running(Stub()) as stub:
        code, text = said("candidate", "base", project=make_project(tmp_path, stub.url))
    assert code == 2
    assert "there is no store yet" in text


def test_a_bundle_that_was_changed_is_not_compared(own: Project, said: Said) -> None:
    with (own.state.run(own.record["runs"]["base"]["queue"]) / "answers.jsonl").open("a") as file:
        file.write("\n")
    code, text = said("candidate", "base", project=own)
    assert code == 4
    assert "answers.jsonl" in text


ACCURACY = hand_made.METRICS[0]
MACRO = hand_made.METRICS[2]


def pair(ours: TaskColumns, theirs: TaskColumns, info: MetricInfo = ACCURACY) -> AskedPair:
    return AskedPair(Asked(ours, info, "task", {}), Asked(theirs, info, "task", {}))


def columns_of(right: list[bool], lost: int = 0, group: int = 0) -> TaskColumns:
    return hand_made.judged("candidate", hand_made.result(right, lost, group)).results["t"]


def test_what_was_lost_is_said_and_is_no_changed_answer() -> None:
    judged = [hand_made.judged("candidate", hand_made.result([True] * 40, lost)) for lost in (3, 0)]
    pairs = {"s.t": [pair(judged[0].results["t"], judged[1].results["t"])]}
    notes = notes_between(Side("a", "a", {"s": "1"}), Side("b", "b", {"s": "2"}), [], pairs)
    assert notes == [
        "s.t: 3 of 40 samples of A were not evaluated (accuracy); they count as wrong, as in a gate",
    ]
    found = confusions(judged[0].results["t"], judged[1].results["t"], hand_made.LABELS)
    assert (found.samples, found.moved) == (37, ())


def test_an_answer_that_is_no_label_is_a_confusion_of_its_own() -> None:
    ours, theirs = columns_of([True] * 40), columns_of([True] * 40)
    theirs = replace(
        theirs, outcomes=np.where(np.arange(40)[:, None] < 4, 1, 0), answers=(None,) * 4 + ours.answers[4:]
    )
    found = confusions(ours, theirs, hand_made.LABELS)
    assert [(one.target, one.answer, one.counts) for one in found.moved] == [
        ("no", None, (0, 2)),
        ("yes", None, (0, 2)),
    ]
    assert found.stuart_maxwell == pytest.approx(stuart_maxwell(np.array([[18, 0, 2], [0, 18, 2], [0, 0, 0]])).p)


def test_grouped_samples_are_tested_by_their_groups() -> None:
    better, worse = [True] * 60, [i % 12 >= 6 for i in range(60)]
    alone = parts(pair(columns_of(better), columns_of(worse)))
    whole = replace(ACCURACY, classes=hand_made.LABELS)
    by_group = parts(pair(columns_of(better, group=6), columns_of(worse, group=6), whole))
    by_sample = parts(pair(columns_of(better), columns_of(worse), whole))
    assert alone == [], "no slices and no classes: no parts"
    assert [one.part for one in by_group] == ["class no", "class yes"]
    assert by_sample[0].p == pytest.approx(mcnemar_mid_p(Table(15, 15, 0, 0)))
    assert by_group[0].p is not None
    assert by_sample[0].p is not None
    assert by_group[0].p > 10 * by_sample[0].p, "ten groups are no thirty samples"
    table = confusions(columns_of(better, group=6), columns_of(worse, group=6), hand_made.LABELS)
    assert (table.bowker, table.stuart_maxwell) == (None, None)
    assert "groups" in table.untested


def test_servers_and_what_only_one_side_has_are_named() -> None:
    ours, theirs = (hand_made.judged("candidate", hand_made.WHOLE) for _ in range(2))
    ours = replace(ours, run=replace(ours.run, id="1", server={"kind": "tgi", "version": "3.3.7"}, notes=("slow",)))
    theirs = replace(theirs, run=replace(theirs.run, id="2", server={"kind": "tgi", "version": "3.3.5"},
                                         metrics={"t": (ACCURACY,)}, adapter_proof="not proven: no name"))  # fmt: skip
    assert ours.run.adapter_proof == PROVEN
    found = notes_between(
        Side("a", "a", {"s": "1", "more": "3"}), Side("b", "b", {"s": "2"}), [(ours, theirs)], {"s.t": []}
    )
    assert found == [
        "only A has the suite more",
        "s: server version: 3.3.7 for A, 3.3.5 for B",
        "s: only A has the metric of t: f1",
        "s: only A has the metric of t: macro_f1",
        "s: A: slow",
        "s: B: adapter not proven: no name",
    ]


def test_repeats_of_a_sample_are_one_sample_and_each_answer_is_shown(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    task = project.suite["tasks"]["sort"]
    task["repeats"], task["generation"]["temperature"] = 2, 1.0
    project.write()
    asked: dict[str, int] = {}

    def every_second_is_wrong(text: str, adapter: str | None) -> str:
        if adapter == ADAPTER:
            return text.rsplit(" ", 1)[-1]
        asked[text] = asked.get(text, 0) + 1
        return ("billing", "other")[asked[text] % 2]

    stub.answer = every_second_is_wrong
    assert project.gate() in (0, 1, 3)
    capfd.readouterr()
    assert project.call("compare", "base", "candidate", "--format", "json", "--worst", "60") == 0
    found = json.loads(capfd.readouterr().out)["tasks"][0]
    accuracy = next(one for one in found["metrics"] if one["metric"] == "accuracy")
    assert accuracy["values"] == pytest.approx([1 / 3, 1])
    assert (len(accuracy["worse"]), accuracy["evidence"]["pairs"]) == (60, 60)
    worst = {one["id"]: one for one in found["worst"]}
    assert (worst["message1"]["scores"], worst["message0"]["scores"]) == ([0, 1], [0.5, 1])
    assert sorted(worst["message0"]["said"][0].split(" / ")) == ["billing", "other"]
    assert "asked several times" in found["confusions"]["untested"]
    assert {one["samples"] for one in found["parts"]} == {20}
