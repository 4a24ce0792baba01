"""One terminal screen of a decision."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from harness.core.decisions import WaiverUse
from harness.core.policies import Waiver
from harness.core.verdicts import Verdict
from harness.report.text import lines
from harness.report.words import SPACE
from tests.report import made


def plain(width: int = 100) -> str:
    return "\n".join(lines(made.decision(), width, colour=False)).replace(SPACE, " ")


def test_each_gate_with_its_numbers_and_its_sentence() -> None:
    text = plain()
    assert "PASS          latency.p95  0.98 s (0.93 to 1.07 s), at most 5 s  [gating]" in text
    assert "ERROR         summaries.rouge_l  not measured, at least 40 %  [advisory]" in text
    assert "triage.accuracy: 93.3 % on 239 samples" in text
    assert len(re.findall(r"^(PASS|FAIL|INCONCLUSIVE|ERROR) ", text, re.MULTILINE)) == len(made.gates()) + 1


def test_the_release_comes_last() -> None:
    assert plain(200).splitlines()[-1].startswith("INCONCLUSIVE  northlight-support: orders.exact_match must pass")


@pytest.mark.parametrize("width", [40, 72, 120])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    assert max(len(line) for line in lines(made.decision(), width, colour=False)) <= width


def test_waivers_are_told_before_the_verdict() -> None:
    waived = replace(made.gates()[2], waived=True)
    use = WaiverUse(Waiver(waived.gate.id, "Ana", "x", 0.1, "2026-12-31", None, None, waived.gate.place), "used", "So.")
    decision = replace(made.decision(results=(waived,)), waivers=(use, replace(use, outcome="too_narrow")))
    text = lines(decision, 120, colour=False)
    assert "[gating, waived]" in text[0]
    assert [line.strip() for line in text if "waiver" in line] == ["waiver used: So.", "waiver too narrow: So."]
    assert "waive" not in plain()


def test_colours_change_nothing_else() -> None:
    coloured = "\n".join(lines(made.decision(), 100, colour=True))
    assert "\x1b[1;32mPASS" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).replace(SPACE, " ") == plain()


def test_a_decision_without_gates_still_tells_its_verdict() -> None:
    assert any(line.startswith("ERROR ") for line in lines(made.decision(Verdict.ERROR, ()), 80, colour=False))


def test_nothing_reaches_the_terminal_that_could_steer_it() -> None:
    hostile = replace(made.decision(), reason=made.HOSTILE, release="\x1b]0;title\x07")
    text = "\n".join(lines(hostile, 100, colour=False))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "␛]0;title␇" in text


def test_every_note_stands_on_the_screen() -> None:
    noted = replace(made.material().decision, notes=("attempt 7 on the samples of triage.queue", "evil \x1b[31m note"))
    shown = " ".join(" ".join(lines(noted, 110, False)).split())
    assert "note: attempt 7 on the samples of triage.queue" in shown
    assert "\x1b" not in shown
