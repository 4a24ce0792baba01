"""A decision and its evidence as the engineer's page of ready texts. Pure: the same material gives the same page."""

from __future__ import annotations

from dataclasses import dataclass

from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.guard import label, passage, written
from harness.report.internal.changes import ChangePart, change_parts
from harness.report.internal.comparisons import comparison_parts, models_exhibit
from harness.report.internal.costs import break_even_note, costs_exhibit
from harness.report.internal.data import data_tables
from harness.report.internal.failures import FailurePart, failure_parts
from harness.report.internal.gates import gates_part
from harness.report.internal.history import history_part
from harness.report.internal.page import (
    ComparisonPart,
    Exhibit,
    GatesPart,
    HistoryPart,
    Section,
    SuitePart,
    TrainingPart,
)
from harness.report.internal.provenance import digest_or_none, provenance_tables
from harness.report.internal.speed import speed_exhibit
from harness.report.internal.suites import suite_parts
from harness.report.internal.training import training_part
from harness.report.internal.waivers import waivers_table
from harness.report.material import Material
from harness.report.page import Fact, Mark, Table, mark

_REASON = 1_000
_YAML = 50_000
_NOTES = 40
_MEANING = {
    Verdict.PASS: "The release may go on.",
    Verdict.FAIL: "The release must not go on.",
    Verdict.INCONCLUSIVE: "The evidence does not suffice, so the release is held.",
    Verdict.ERROR: "Nothing could be judged, so the release is held.",
}
_CONTENTS = {
    "gates": "Gates",
    "comparison": "Comparison",
    "suites": "Suites",
    "failures": "Failures",
    "changes": "Changed answers",
    "speed": "Speed",
    "costs": "Cost",
    "training": "Training",
    "data": "Data",
    "history": "History",
    "provenance": "Provenance",
    "declaration": "Declaration",
}


@dataclass(frozen=True, slots=True)
class InternalView:
    """The whole page. What was not run or not measured is None or empty, and the page says so."""

    title: str
    release: str
    mark: Mark
    meaning: str
    reason: str
    decided: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    contents: tuple[Section, ...]
    gates: GatesPart
    waivers: Table | None
    models: Exhibit | None
    comparisons: tuple[ComparisonPart, ...]
    suites: tuple[SuitePart, ...]
    failures: tuple[FailurePart, ...]
    changes: tuple[ChangePart, ...]
    speed: Exhibit | None
    costs: Exhibit | None
    break_even: str
    training: TrainingPart | None
    data: tuple[Table, ...]
    history: HistoryPart | None
    provenance: tuple[Table, ...]
    release_yaml: str


def build_internal(material: Material) -> InternalView:
    """The page of a decision. Whatever was not run or not measured is said, never left to be guessed."""
    decision = material.decision
    return InternalView(
        title=f"{label(decision.release)}: {decision.verdict}",
        release=label(decision.release),
        mark=mark(decision.verdict),
        meaning=_MEANING[decision.verdict],
        reason=words.start(label(decision.reason, _REASON)),
        decided=label(words.when(decision.decided)),
        facts=_facts(material),
        notes=_notes(material),
        contents=tuple(Section(name, text) for name, text in _CONTENTS.items()),
        gates=gates_part(material),
        waivers=waivers_table(decision),
        models=models_exhibit(material),
        comparisons=comparison_parts(material),
        suites=suite_parts(material),
        failures=failure_parts(material),
        changes=change_parts(material),
        speed=speed_exhibit(material.speed),
        costs=costs_exhibit(material),
        break_even=break_even_note(material.break_even),
        training=training_part(material.training),
        data=data_tables(material),
        history=history_part(material),
        provenance=provenance_tables(material),
        release_yaml=passage(material.release_yaml, _YAML),
    )


def _notes(material: Material) -> tuple[str, ...]:
    """What the decision notes; what is too much is counted."""
    notes = material.decision.notes
    rest = len(notes) - _NOTES
    left = (f"{words.count(rest, 'more note')}; harness store query has them.",) if rest > 0 else ()
    return (*(words.start(label(note, _REASON)) for note in notes[:_NOTES]), *left)


def _facts(material: Material) -> tuple[Fact, ...]:
    """What was tested, against what, on how much, and when."""
    decision, first = material.decision, next(iter(material.candidate.values()), None)
    base = decision.candidate.get("base_model")
    facts = [Fact("Base model", label(written(base)) if base else words.NOTHING)]
    if first is not None:
        adapter = digest_or_none(first.model.adapter_digest)
        facts = [
            Fact("Candidate", f"adapter {adapter}" if first.model.adapter_digest else "the base model itself"),
            Fact("Base model", facts[0].text, f"bytes {digest_or_none(first.model.base_digest)}"),
        ]
    return (
        *facts,
        Fact("Compared with", ", ".join(_baseline(material, name) for name in material.baselines) or "nothing"),
        _suites(material),
        *_asked(material),
        Fact("Decided", label(words.when(decision.decided)), f"decision {digest_or_none(decision.id)}"),
    )


def _asked(material: Material) -> tuple[Fact, ...]:
    """When the runs were asked: a stored run may be older than the decision on it."""
    times = sorted({started for suites in material.decision.asked.values() for started in suites.values()})
    if not times:
        return ()
    first, last = label(words.when(times[0])), label(words.when(times[-1]))
    return (Fact("Asked", first if first == last else f"{first} to {last}"),)


def _suites(material: Material) -> Fact:
    names = ", ".join(label(suite) for suite in list(material.candidate)[:_NOTES]) or "none was run"
    counts = [run.counts for run in material.candidate.values()]
    total, lost = sum(count.total for count in counts), sum(count.not_evaluated for count in counts)
    return Fact("Suites", names, f"{words.count(total, 'sample')}, {lost:,} not evaluated" if counts else "")


def _baseline(material: Material, name: str) -> str:
    run = next(iter(material.runs[name].values()), None)
    shots = run.model.few_shot if run else 0
    return f"{label(name)} ({words.count(shots, 'example')} in the prompt)" if shots else label(name)
