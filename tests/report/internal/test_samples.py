"""Samples side by side, failures and changed answers as they are told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.core.estimates import Estimate, Unestimable
from harness.core.runs import MetricInfo
from harness.core.samples import Json, Outcome
from harness.report.internal.changes import change_parts
from harness.report.internal.diff import ADDED
from harness.report.internal.failures import failure_parts
from harness.report.internal.samples import samples_of
from harness.report.material import Material
from harness.report.numbers import Changes, Cluster, Failures, MetricNumbers, PartNumbers, SuiteNumbers, TaskNumbers
from harness.report.page import anchor
from harness.report.render import render_page
from harness.report.shown import Said, Shown
from harness.report.words import SPACE
from tests.report import made

INFO = MetricInfo("accuracy", "rate", 1)
HIDDEN = "\u202egnp.exe"


def shown(name: str, target: str = "yes", ours: Said | None = None, **said: Said) -> Shown:
    right = Said(target, Outcome.SCORED, "", 1.0, answer=target)
    wrong = Said("no", Outcome.SCORED, "", 0.0, answer="no")
    return Shown("desk", "t", name, f"input of {name}", target, {"base": right, **said, "candidate": ours or wrong})


def task(failures: Failures | None, *changes: Changes, name: str = "t") -> TaskNumbers:
    metric = MetricNumbers("desk.accuracy", INFO, {})
    return TaskNumbers("desk", name, 52, 52, 1, None, "accuracy", (metric,), changes=changes, failures=failures)


def material(*tasks: TaskNumbers) -> Material:
    return replace(made.material(), suites=(SuiteNumbers("desk", tasks),))


def failing(*worst: Shown, of: int = 50, **more: object) -> Failures:
    return replace(Failures("accuracy", 0.5, len(worst), of, worst=worst), **more)


def test_failures_are_counted_and_what_was_not_evaluated_is_told_apart() -> None:
    (part,) = failure_parts(material(task(failing(shown("a"), failing=30))))
    assert part.name == "desk"
    assert part.sentence.replace(SPACE, " ") == (
        "30 of 50 evaluated samples failed by accuracy. 2 samples could not be evaluated: neither right nor wrong."
    )
    assert part.cut.replace(SPACE, " ").startswith("29 more failing samples not shown")


def test_a_sample_shows_what_each_model_gave_the_candidate_first() -> None:
    lost = Said("", Outcome.NOT_EVALUATED, "connection reset")
    unreadable = Said("I can't say.", Outcome.MODEL_FAILED, "none of the labels", 0.0)
    (part,) = failure_parts(material(task(failing(shown("a", ours=unreadable, other=lost)))))
    (sample,) = part.samples
    assert sample.anchor == anchor("sample", "desk", "t", "a")
    assert (sample.outcome, sample.tags, sample.input) == ("no readable answer", ("failing",), "input of a")
    told = [(one.who, one.worth, one.note, one.pieces[0].text) for one in sample.answers]
    assert told == [
        ("Candidate", "no readable answer", "none of the labels", "I can't say."),
        ("base", "right ✓", "", "yes"),
        ("other", "not evaluated", "connection reset", "(no answer)"),
    ]


def test_a_lost_answer_is_never_worth_anything() -> None:
    lost = Said("yes", Outcome.SCORED, "", None)
    (part,) = failure_parts(material(task(failing(shown("a", ours=lost)))))
    assert part.samples[0].answers[0].worth == part.samples[0].outcome == "not evaluated"


def record(**fields: Json) -> str:
    return json.dumps(fields)


def test_a_record_is_told_field_by_field() -> None:
    target = record(name="Ada", total=20, paid=None)
    ours = Said("Sure: ...", Outcome.SCORED, "", 0.5, answer=record(name="Ada", total=30, extra=[1]))
    prose = Said("I don't know", Outcome.MODEL_FAILED, "no JSON", 0.0)
    (part,) = failure_parts(material(task(failing(shown("a", target, ours, base=prose)))))
    table = part.samples[0].fields
    assert table is not None
    assert [cell.text for cell in table.head] == ["Field", "Target", "Candidate", "base"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["name", "Ada", "Ada", "—"],
        ["total", "20", "≠ 30", "—"],
        ["paid", "null", "≠ —", "—"],
        ["extra", "—", "≠ [1]", "—"],
    ]
    assert table.rows[1][2].note == "differs"
    assert table.rows[2][2].note == "no such field"
    assert table.rows[0][3].note == "no record could be read"


def test_texts_are_marked_where_they_differ_from_the_target() -> None:
    ours = Said("the red card is lost now", Outcome.SCORED, "", 0.5)
    (part,) = failure_parts(material(task(failing(shown("a", "the red card is lost", ours)))))
    assert [piece.text for piece in part.samples[0].answers[0].pieces if piece.kind == ADDED] == ["now"]


def changes(fallen: Sequence[Shown], risen: Sequence[Shown] = (), baseline: str = "base") -> Changes:
    return Changes(baseline, "accuracy", 40, len(risen), 10, 2, tuple(fallen), tuple(risen))


def test_a_sample_stands_once_on_the_page_and_is_linked_from_elsewhere() -> None:
    found = material(task(failing(shown("a")), changes([shown("a"), shown("b")], [shown("c")])))
    (failure,), (change,) = failure_parts(found), change_parts(found)
    worse, better = change.lists
    assert failure.samples[0].tags == ("failing", "worse")
    assert [link.anchor for link in worse.links] == [failure.samples[0].anchor]
    assert [one.name for one in worse.samples] == ["b"]
    assert [one.tags for one in better.samples] == [("better",)]
    assert worse.title.replace(SPACE, " ") == "desk: 40 samples with a worse answer"
    assert worse.cut.replace(SPACE, " ").startswith("38 more samples not shown")
    assert change.table is not None
    assert [cell.text for cell in change.table.rows[0]] == ["desk", "40", "1", "10", "2", "accuracy"]


def test_a_baseline_that_shares_no_task_says_so() -> None:
    (change,) = change_parts(material(task(None)))
    assert change.table is None
    assert change.note


def test_weak_parts_and_like_inputs_are_tables() -> None:
    own = {"candidate": Estimate(0.4, 0.3, 0.52, 0.95, 20, "Wilson"), "base": Unestimable("other samples")}
    parts = (PartNumbers("slice", "de", 20, "accuracy", own, "language"), PartNumbers("length", "9 characters", 3,
             "accuracy", {}))  # fmt: skip
    clusters = (Cluster(4, ("card", HIDDEN), ("a", "b", "c", "d")),)
    (part,) = failure_parts(material(task(failing(shown("a"), parts=parts, clusters=clusters, clustered=30))))
    assert part.parts is not None
    assert part.clusters is not None
    rows = [[cell.text.replace(SPACE, " ") for cell in row] for row in part.parts.rows]
    assert rows[0] == ["language=de", "slice", "20", "40.0 %", "not measured"]
    assert rows[1][3:] == ["not measured", "not measured"], "a part without a number is never 0"
    assert part.parts.rows[0][4].note == "other samples"
    assert [cell.text for cell in part.clusters.rows[0]] == ["card, [U+202E]gnp.exe", "4", "a, b, c"]
    assert "4 of the 30" in part.clusters.note.replace(SPACE, " ")


def test_many_tasks_show_fewer_and_shorter_samples() -> None:
    few = samples_of(material(task(failing(shown("a")))))
    assert (few.most, few.characters, few.fields) == (600, 2_000, 30)
    tasks = [
        task(failing(*(replace(shown(f"{t}-{i}"), task=str(t)) for i in range(25))), name=str(t)) for t in range(80)
    ]
    many = samples_of(material(*tasks))
    assert (many.most, many.characters, many.fields) == (7, 208, 8)
    parts = failure_parts(material(*tasks))
    assert {len(part.samples) for part in parts} == {7}
    assert parts[0].cut.replace(SPACE, " ").startswith("18 more failing samples")


def test_the_page_tells_differences_in_words_and_gives_each_sample_one_id(tmp_path: Path) -> None:
    ours = Said("the red card is lost now <b>&", Outcome.SCORED, "", 0.5)
    found = material(task(failing(shown("a<i>", "the red card is lost", ours)), changes([shown("a<i>"), shown("b")])))
    view = {"failures": failure_parts(found), "changes": change_parts(found)}
    includes = "".join(f'{{% include "{name}.html" %}}' for name in view)
    (tmp_path / "both.html").write_text(f'{{% import "parts.html" as parts %}}{includes}')
    page = render_page("both.html", view, tmp_path)
    assert '<ins><span class="unseen">[added: </span>now ' in page
    assert "<b>" not in page
    assert "<i>" not in page
    name = anchor("sample", "desk", "t", "a<i>")
    assert page.count(f'id="{name}"') == 1
    assert page.count(f'href="#{name}"') == 2
    assert 'data-tags="failing\nworse"' in page
