"""Two sides compared in words: what is not known is said so, and long lists are cut with a count."""

from __future__ import annotations

import json

import pytest

from harness.core.estimates import Comparison, Unestimable
from harness.report.comparing.markdown import markdown
from harness.report.comparing.text import lines
from harness.report.comparing.view import (
    Compared,
    Confusions,
    Fallen,
    MetricDifference,
    Moved,
    PartDifference,
    Side,
    TaskComparison,
    to_json,
)
from harness.report.comparing.words import p_text, shown_parts
from harness.report.words import SPACE

HOSTILE = "\x1b[31m\u202e| <img src=x> @team [a](http://b)"


def part(p: float | None, fell: float = 0.0, flagged: bool = False) -> PartDifference:
    return PartDifference("accuracy", f"language={p}", 10, (0.5 - fell, 0.5), p, p, flagged)


def compared(*parts: PartDifference, worse: int = 0, evidence: Comparison | Unestimable | None = None) -> Compared:
    found = evidence or Comparison(0.9, 0.95, -0.05, -0.1, 0.0, 0.95, 100, "Tango")
    values = (0.9, 0.95) if isinstance(found, Comparison) else None
    one = MetricDifference(
        "accuracy", "rate", found, values, tuple(f"s{i}" for i in range(worse)), (), 100 - worse, (0, 0)
    )
    worst = (Fallen(HOSTILE, (0.0, 1.0), HOSTILE * 20, HOSTILE, (HOSTILE, "")),)
    moved = Confusions((Moved(HOSTILE, None, (3, 1)),), 100, untested="samples share groups")
    task = TaskComparison("s.t", 100, (one,), "accuracy", worst, moved, parts)
    return Compared(Side("a", "x", {"s": "1"}, HOSTILE), Side("b", "y", {"s": "2"}), 0.05, (task,), (HOSTILE,))


def text(found: Compared, width: int = 110) -> str:
    return "\n".join(lines(found, width)).replace(SPACE, " ")


def test_values_difference_and_interval_stand_on_one_line() -> None:
    said = text(compared())
    assert "accuracy  A 90.0 %, B 95.0 %  −5.0 points (−10.0 to 0.0 points; Tango)" in said
    assert "the two-sided 90 % interval" in said
    assert "exploratory" not in said, "there are no parts"


def test_what_has_no_number_says_why_and_reads_as_no_zero() -> None:
    found = compared(evidence=Unestimable("all samples come from one group"))
    assert "accuracy  A not measured, B not measured  no difference known: all samples come from one group" in text(
        found
    )
    assert "| accuracy | not measured | not measured | — | — |" in markdown(found)


def test_a_long_list_of_samples_is_cut_with_a_count() -> None:
    said = text(compared(worse=25))
    assert "got worse by accuracy: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 and 15 more" in said
    assert len(to_json(compared(worse=25))["tasks"][0]["metrics"][0]["worse"]) == 25  # type: ignore[index]


def test_parts_that_stand_out_come_first_then_the_smaller_p_then_the_larger_fall() -> None:
    flagged, near, fell, unknown = part(0.001, flagged=True), part(0.2), part(0.2, 0.4), part(None)
    task = compared(unknown, near, fell, flagged).tasks[0]
    assert list(shown_parts(task)) == [flagged, fell, near, unknown]
    said = text(compared(unknown, *[near] * 20))
    assert "9 more parts in --format json" in said


@pytest.mark.parametrize("width", [40, 80])
def test_hostile_texts_reach_neither_terminal_nor_markup(width: int) -> None:
    found = compared(part(0.2))
    assert max(map(len, lines(found, width))) <= width
    for said in (text(found, width), markdown(found)):
        assert "\x1b" not in said
        assert "\u202e" not in said
    assert "<img" not in markdown(found)
    assert "](http" not in markdown(found)
    assert "no label" in text(found)


@pytest.mark.parametrize(
    ("p", "said"),
    [(None, "p not known"), (0.0, "p < 0.001"), (0.0009, "p < 0.001"), (0.0499, "p 0.050"), (1, "p 1.000")],
)
def test_p_is_never_rounded_to_nothing(p: float | None, said: str) -> None:
    assert p_text(p) == said


def test_a_number_that_json_lacks_is_no_record() -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json(compared(part(float("nan"))))
    assert json.dumps(to_json(compared(part(0.5))))
