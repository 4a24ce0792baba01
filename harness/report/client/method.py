"""How the test was made, in a few sentences, and the foot of the page."""

from __future__ import annotations

from harness.report import words
from harness.report.client.names import Names
from harness.report.client.page import Section
from harness.report.client.wording import tell
from harness.report.guard import label


def method_section(names: Names) -> Section:
    """The method without its formulas."""
    say, material = names.say, names.material
    sure, error = words.plain_share(1 - material.alpha), f"{round(material.alpha * 100, 6):g}"
    look, looks = material.decision.looks
    told = [
        say["method_same" if material.baselines else "method_alone"],
        say["method_chance"],
        tell(say, "method_sure", sure=sure, error=error),
        say["method_lost"],
        *(say[key] for key in dict.fromkeys(f"explain_{name}" for name in _measures(names)) if key in say),
        *([tell(say, "method_looks", all=str(looks), look=str(look))] if looks > 1 else []),
    ]
    return Section("method", say["nav_method"], say["heading_method"], paragraphs=tuple(told))


def _measures(names: Names) -> list[str]:
    """The measures that the page names."""
    agreed = {result.gate.metric for result in names.material.decision.results}
    every = [(task, one) for task in names.material.tasks for one in task.metrics]
    return [one.info.name for task, one in every if one.name in agreed or one.info.name == task.main]


def colophon(names: Names) -> tuple[str, ...]:
    """Which decision this is, of when, and whom to ask."""
    say, decision = names.say, names.material.decision
    contact = names.material.presentation.contact
    asked = [tell(say, "next_contact", contact=label(contact, 200))] if contact else []
    when = label(words.when(decision.decided))
    parts = [tell(say, "foot_decision", id=label(decision.id[:12])), tell(say, "foot_decided", when=when), *asked]
    return (" · ".join(parts), say["foot_note"])
