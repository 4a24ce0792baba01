"""The few facts below the verdict that a client reads first."""

from __future__ import annotations

from harness.core.verdicts import Role, Verdict
from harness.report import words
from harness.report.client.names import Names, day
from harness.report.client.wording import start, tell
from harness.report.page import Fact

_REQUIRED = (Role.CRITICAL, Role.GATING)


def facts(names: Names) -> tuple[Fact, ...]:
    """Promises kept, test cases, models compared with, and the day."""
    say, material = names.say, names.material
    tasks = words.count(len(material.tasks), "task")
    cases = f"{sum(task.samples for task in material.tasks):,}"
    decided = day(material.decision.decided[:10])
    return (
        _promises(names),
        Fact(say["fact_cases"], cases, tell(say, "fact_cases_note", tasks=tasks)),
        Fact(say["fact_compared"], _compared(names)),
        Fact(say["fact_decided"], decided, _asked(names)),
    )


def _asked(names: Names) -> str:
    """When the answers were given that the decision rests on; "" where it does not say."""
    days = sorted(started[:10] for suites in names.material.decision.asked.values() for started in suites.values())
    return tell(names.say, "fact_decided_note", first=day(days[0]), last=day(days[-1])) if days else ""


def _promises(names: Names) -> Fact:
    """How many promises that hold the release back are kept; one that was set aside is not."""
    say = names.say
    required = [one for one in names.material.decision.results if one.gate.role in _REQUIRED]
    if not required:
        return Fact(say["fact_promises"], say["fact_promises_none"])
    kept = sum(one.verdict is Verdict.PASS and not one.waived for one in required)
    detail = "fact_promises_waived" if any(one.waived for one in required) else "fact_promises_note"
    return Fact(
        say["fact_promises"],
        tell(say, "fact_promises_of", kept=f"{kept:,}", count=f"{len(required):,}"),
        say[detail],
    )


def _compared(names: Names) -> str:
    baselines = names.material.baselines
    if not baselines:
        return names.say["fact_compared_none"]
    first, rest = start(names.role(baselines[0])), len(baselines) - 1
    return tell(names.say, "names_more", names=first, count=str(rest)) if rest else first
