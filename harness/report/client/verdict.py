"""The verdict in one sentence, why, and what happens next."""

from __future__ import annotations

from collections.abc import Iterable

from harness.core.decisions import GateResult, WaiverUse
from harness.core.verdicts import Role, Verdict
from harness.report import words
from harness.report.client.names import Names, day
from harness.report.client.page import Section
from harness.report.client.wording import start, tell
from harness.report.guard import label
from harness.report.page import Mark

_MOST = 3
_REQUIRED = (Role.CRITICAL, Role.GATING)
_REASON = 400
_TOLD = ("used", "expired", "too_narrow")  # an unused one, or one for another release, concerns nobody here


def verdict_mark(verdict: Verdict, names: Names) -> Mark:
    """Released, not released, on hold."""
    return Mark(names.say[f"mark_{verdict.lower()}"], words.GLYPHS[verdict], verdict.lower())


def verdict_sentence(names: Names) -> str:
    """The verdict itself; a release that rests on an exception says so at once."""
    decision = names.material.decision
    waived = any(result.waived and result.gate.role in _REQUIRED for result in decision.results)
    exception = "_waived" if waived and decision.verdict is Verdict.PASS else ""
    return names.say[f"verdict_{decision.verdict.lower()}{exception}"]


def why(names: Names) -> str:
    """What the verdict rests on."""
    decision, say = names.material.decision, names.say
    required = [result for result in decision.results if result.gate.role in _REQUIRED]
    if decision.verdict is Verdict.PASS:
        return _why_pass(required, names)
    holding = [one for one in decision.results if _holds(one, decision.verdict) and not one.waived]
    if holding:
        return tell(say, f"why_{decision.verdict.lower()}", names=_named(holding, names))
    return say["why_all_waived" if required and all(one.waived for one in required) else "why_nothing"]


def next_section(names: Names) -> Section:
    """What the verdict leads to, the exceptions, and whom to ask."""
    say, decision = names.say, names.material.decision
    verdict = decision.verdict.lower()
    told = [say[f"next_{verdict}"], say[f"next_{verdict}_how"]]
    waivers = tuple(step for use in decision.waivers if (step := _waiver(use, names)))
    contact = names.material.presentation.contact
    asked = [tell(say, "next_contact", contact=label(contact, 200))] if contact else []
    return Section("next", say["nav_next"], say["heading_next"], (" ".join(told), *asked), waivers)


def _why_pass(required: Iterable[GateResult], names: Names) -> str:
    every = list(required)
    waived = [one for one in every if one.waived]
    count = words.count(len(every), "promise")
    if waived:
        kept = str(len(every) - len(waived))
        return tell(names.say, "why_pass_waived", kept=kept, count=count, names=_named(waived, names))
    return names.say["why_pass_one"] if len(every) == 1 else tell(names.say, "why_pass", count=count)


def _holds(result: GateResult, verdict: Verdict) -> bool:
    """Whether the release's verdict rests on a gate."""
    blocks = result.gate.role in _REQUIRED or (
        verdict is not Verdict.INCONCLUSIVE and result.gate.role is not Role.ADVISORY
    )
    return blocks and result.verdict is verdict


def _named(results: Iterable[GateResult], names: Names) -> str:
    every = list(dict.fromkeys(names.about(result.gate) for result in results))
    listed = ", ".join(every[:_MOST])
    rest = len(every) - _MOST
    return tell(names.say, "names_more", names=listed, count=str(rest)) if rest > 0 else listed


def _waiver(use: WaiverUse, names: Names) -> str:
    """An exception in a sentence; "" where it concerns nothing here."""
    result = next((one for one in names.material.decision.results if one.gate.id == use.waiver.gate), None)
    if result is None or use.outcome not in _TOLD:
        return ""
    name, owner = start(names.short(result.gate)), label(use.waiver.owner)
    if use.outcome != "used":
        return tell(names.say, "next_not_waived", name=name, owner=owner)
    until, reason = day(use.waiver.expires), label(use.waiver.reason, _REASON)
    return tell(names.say, "next_waived", name=name, owner=owner, until=until, reason=reason)
