"""A decision and its evidence as one page of ready texts. Pure: the same material gives the same page."""

from __future__ import annotations

from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.comparisons import comparison_parts
from harness.report.flips import flips_parts
from harness.report.gates import gates_part
from harness.report.guard import label, passage, written
from harness.report.material import Material
from harness.report.measured import measured_table
from harness.report.page import Fact, View, mark
from harness.report.provenance import digest_or_none, provenance_tables
from harness.report.suites import suite_parts
from harness.report.training import training_part
from harness.report.waivers import waivers_table

__all__ = ["View", "build_view"]

_REASON = 1_000
_YAML = 50_000
_MEANING = {
    Verdict.PASS: "The release may go on.",
    Verdict.FAIL: "The release must not go on.",
    Verdict.INCONCLUSIVE: "The evidence does not suffice, so the release is held.",
    Verdict.ERROR: "Nothing could be judged, so the release is held.",
}


def build_view(material: Material) -> View:
    """The page of a decision. Whatever was not run or not measured is said, never left to be guessed."""
    decision = material.decision
    return View(
        title=f"{label(decision.release)}: {decision.verdict}",
        release=label(decision.release),
        mark=mark(decision.verdict),
        meaning=_MEANING[decision.verdict],
        reason=label(decision.reason, _REASON),
        decided=label(words.when(decision.decided)),
        facts=_facts(material),
        notes=tuple(label(note, _REASON) for note in decision.notes),
        gates=gates_part(material),
        comparisons=comparison_parts(material),
        suites=suite_parts(material),
        measured=measured_table(material.measured, material.policy_alpha),
        training=training_part(material.training),
        flips=flips_parts(material),
        provenance=provenance_tables(material),
        release_yaml=passage(material.release_yaml, _YAML),
        waivers=waivers_table(decision),
    )


def _facts(material: Material) -> tuple[Fact, ...]:
    """What was tested, against what, on how much, and when."""
    decision, first = material.decision, next(iter(material.candidate.values()), None)
    base = decision.candidate.get("base_model")
    facts = [Fact("Base model", label(written(base)) if base else words.NOTHING)]
    if first is not None:
        model = first[0].model
        adapter = digest_or_none(model.adapter_digest)
        facts = [
            Fact("Candidate", f"adapter {adapter}" if model.adapter_digest else "the base model itself"),
            Fact("Base model", facts[0].text, f"bytes {digest_or_none(model.base_digest)}"),
        ]
    counts = [run.counts for run, _ in material.candidate.values()]
    suites = ", ".join(label(suite) for suite in material.candidate) or "none was run"
    lost = sum(count.not_evaluated for count in counts)
    total = words.count(sum(count.total for count in counts), "sample")
    baselines = ", ".join(_baseline(material, name) for name in material.baselines)
    return (
        *facts,
        Fact("Compared with", baselines or "nothing"),
        Fact("Suites", suites, f"{total}, {lost:,} not evaluated" if counts else ""),
        Fact("Decided", label(words.when(decision.decided)), f"decision {digest_or_none(decision.id)}"),
    )


def _baseline(material: Material, name: str) -> str:
    run = next(iter(material.runs[name].values()), None)
    shots = run[0].model.few_shot if run else 0
    return f"{label(name)} ({words.count(shots, 'example')} in the prompt)" if shots else label(name)
