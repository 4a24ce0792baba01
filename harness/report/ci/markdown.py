"""A decision in GitHub's Markdown: for a comment on a pull request, and for the summary of a workflow's step."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.core.decisions import Decision, GateResult
from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.ci.cases import Case, Effect, Ending, cases, worst_first
from harness.report.guard import label, written

LIMIT = 60_000  # bytes; GitHub takes comments of 65,536 characters
_TABLE, _SECTION = 20_000, 9_000
_SENTENCE = 600
_HEAD = ("| Verdict | Gate | Value | Interval | Threshold | Role |", "|---|---|--:|--:|--:|---|")
_MARKUP = re.compile(r"[\\`*_{}\[\]()~!|<>&$@#]|://|(?i:www)(?=\.)|^[-+=]|^\d+(?=[.)](?:\s|$))")
_ENTITIES = {"|": "&#124;", "<": "&lt;", ">": "&gt;", "&": "&amp;", "$": "&#36;"}
_APART = "&#8203;"  # no escape keeps GitHub from linking names, numbers and addresses: what is apart is none


def markdown(found: Decision | Ending, release_file: str) -> str:
    """The verdict, the gates worst first, which answers were not whole, why, waivers, notes and ids.

    It takes less than LIMIT bytes, and what is cut is said. `release_file` is relative to the repository.
    """
    shown = worst_first(cases(found, release_file))
    return "\n".join(_ending(found, shown) if isinstance(found, Ending) else _decision(found, shown)) + "\n"


def escaped(text: str, limit: int = _SENTENCE) -> str:
    """A text on one line that Markdown shows as it stands: no table, HTML, link, image, mention or reference."""
    return _MARKUP.sub(_one, label(text, limit).strip())


def _one(match: re.Match[str]) -> str:
    found = match[0]
    if found in _ENTITIES:
        return _ENTITIES[found]
    if found == "://":
        return f":{_APART}//"
    if found.isdigit() or found == "@" or found.lower() == "www":
        return found + _APART
    return f"\\#{_APART}" if found == "#" else "\\" + found


def _decision(decision: Decision, shown: list[Case]) -> list[str]:
    gates = [_row(case.result, case) for case in shown if case.result]
    why = [f"**{case.word}** {escaped(case.name)}: {escaped(case.message)}" for case in shown if _told(case)]
    waivers = [f"**{escaped(use.outcome)}** {escaped(use.waiver.gate)}: {escaped(use.sentence)}" for use in
               decision.waivers]  # fmt: skip
    return [
        f"## {words.GLYPHS[decision.verdict]} {decision.verdict}: {escaped(decision.release, 80)}",
        "",
        escaped(decision.reason),
        *(["", *_HEAD, *_fitting(gates, _TABLE, "gates")] if gates else []),
        *_list(
            "Answers",
            [
                f"{escaped(case.name)}: {escaped(case.result.answers)}"
                for case in shown
                if case.result and case.result.answers
            ],
        ),
        *_list("Why", why),
        *_list("Waivers", waivers),
        *_list("Notes", [escaped(note) for note in (*_looked(decision), *decision.notes)]),
        "",
        _ids(decision),
    ]


def _ending(found: Ending, shown: list[Case]) -> list[str]:
    who = "an outside system failed" if found.outside else "usage, configuration or data is wrong"
    problems = [f"{escaped(case.file)}{f' line {case.line}' if case.line else ''}: {escaped(case.message)}"
                for case in shown]  # fmt: skip
    head = f"## {words.GLYPHS[Verdict.ERROR]} {Verdict.ERROR}: {escaped(found.release, 200)}"
    return [head, "", f"Nothing was judged: {who}.", *_list("Problems", problems)]


def _told(case: Case) -> bool:
    return case.effect is not Effect.PASS and case.result is not None


def _row(result: GateResult, case: Case) -> str:
    gate, finding = result.gate, result.finding
    value = words.evidence_value(gate, finding.evidence, finding.bound)
    limits = words.evidence_interval(gate, finding.evidence, finding.bound)
    verdict = f"{words.GLYPHS[result.verdict]} {case.word}"
    cells = (gate.what, value, limits, words.rule(gate), str(gate.role))
    return f"| {' | '.join([verdict, *(escaped(cell, 200) for cell in cells)])} |"


def _looked(decision: Decision) -> list[str]:
    """What makes a PASS weaker than it reads: earlier candidates and earlier looks on the same samples."""
    tried = [f"attempt {count} on the samples of {task}" for task, count in decision.attempts.items() if count > 1]
    look, declared = decision.looks
    return [*tried, f"look {look} of {declared}"] if declared > 1 else tried


def _ids(decision: Decision) -> str:
    names = {"adapter": "adapter_digest", "base": "base_digest", "base model": "base_model"}
    found = {name: decision.candidate.get(key) for name, key in names.items()}
    known = [f"{name} {escaped(written(value), 80)}" for name, value in found.items() if value]
    times = sorted({at for suites in decision.asked.values() for at in suites.values()})
    asked = [f"asked {escaped(words.when(at))}" for at in dict.fromkeys([*times[:1], *times[-1:]])]
    return " · ".join(
        [f"decision {decision.id[:12]}", *known, *asked, f"decided {escaped(words.when(decision.decided))}"]
    )


def _list(title: str, entries: list[str]) -> list[str]:
    lines = _fitting((f"- {entry}" for entry in entries), _SECTION, "entries")
    return ["", f"**{title}**", "", *lines] if entries else []


def _fitting(lines: Iterable[str], limit: int, what: str) -> list[str]:
    """As many lines as `limit` bytes hold; the rest is counted."""
    all_lines, held = list(lines), 0
    for number, line in enumerate(all_lines):
        held += len(line.encode()) + 1
        if held > limit:
            return [*all_lines[:number], "", f"… and {len(all_lines) - number:,} more {what}, cut here."]
    return all_lines
