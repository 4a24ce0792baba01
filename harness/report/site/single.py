"""One decision and one run of the site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.core.decisions import Decision, GateResult
from harness.core.estimates import Estimate
from harness.core.runs import Run
from harness.report import words
from harness.report.guard import label, passage, written
from harness.report.listing import Entry, Link, Listing
from harness.report.numbers import Own
from harness.report.page import Cell, Fact, Table, mark, missing, number
from harness.report.site.page import DECISIONS, RUNS, Section, SitePage, decision_link, run_link

_LONG = 600
_LOST = "Intervals are two-sided at {}. What was not evaluated counts as wrong, as a gate counts it for the candidate."


def decision_page(decision: Decision) -> SitePage:
    """Verdict, gates in numbers, runs, notes, and the way to both editions."""
    head = (Cell("Gate"), Cell("Verdict"), *(Cell(name, "number") for name in ("Found", "Interval", "Rule")),
            Cell("Finding"))  # fmt: skip
    gates = Table("Gates", head, tuple(_gate(result) for result in decision.results), style="cards")
    runs = tuple(
        (Entry(links=(Link(run[:12], run_link(run)),), style="digest"), Entry(label(suite)), Entry(label(role)))
        for role, suites in decision.runs.items()
        for suite, run in suites.items()
    )
    waivers = [label(use.sentence, _LONG) for use in decision.waivers]
    return SitePage(
        f"Decision {label(decision.id[:12])}",
        label(decision.release),
        DECISIONS,
        (
            Section("Gates", tables=(gates,)) if decision.results else Section("Gates", texts=("No gate was judged.",)),
            *([Section("Waivers", texts=tuple(waivers))] if waivers else []),
            Section("Runs", (Listing("Runs it rests on", (Cell("Run"), Cell("Suite"), Cell("Model")), runs),)),
            *([Section("Notes", texts=tuple(label(note, _LONG) for note in decision.notes))] if decision.notes else []),
            Section("Digests", tables=(_pairs("Digests", {"decision": decision.id, **decision.digests}),)),
        ),
        mark(decision.verdict),
        words.start(passage(decision.reason)),
        f"Decided {words.when(label(decision.decided))}.",
        links=tuple(
            Link(f"The report, {edition} edition", decision_link(decision.id, edition))
            for edition in ("internal", "client")
        ),
    )


def _gate(result: GateResult) -> tuple[Cell, ...]:
    gate, finding = result.gate, result.finding
    verdict = f"{words.GLYPHS[result.verdict]} {result.verdict}"
    return (
        Cell(label(gate.what), note=label(str(gate.role))),
        Cell(verdict, f"verdict {result.verdict.lower()}", "waived" if result.waived else ""),
        number(words.evidence_value(gate, finding.evidence, finding.bound)),
        number(words.evidence_interval(gate, finding.evidence, finding.bound)),
        Cell(label(words.rule(gate)), "number rule"),
        Cell(label(result.sentence, _LONG), "sentence", label(result.answers, _LONG)),
    )


def run_page(run: Run, metrics: Mapping[str, Own], alpha: float) -> SitePage:
    """Counts, metrics and provenance of a run; `metrics` are by "task.metric", `alpha` is the error of each bound."""
    counts = run.counts
    rows = tuple((Cell(label(name)), *_value(found)) for name, found in metrics.items())
    head = (Cell("Metric"), Cell("Value", "number"), Cell("Interval", "number"), Cell("Samples", "number"))
    table = Table("Metrics", head, rows, _LOST.format(words.plain_share(1 - 2 * alpha)))
    told = {"run": run.id, "suite": run.suite_digest, "base model": run.model.base_digest or words.NOTHING,
            "adapter": run.model.adapter_digest or "none", "proof that it answered": run.adapter_proof}  # fmt: skip
    own = {f"model's own {name}": value for name, value in run.model.own.items()}
    versions = {f"version of {name}": version for name, version in run.versions.items()}
    digests = {**{f"task {name}": digest for name, digest in run.task_digests.items()},
               **{f"samples of {name}": digest for name, digest in run.data.items()}}  # fmt: skip
    return SitePage(
        f"Run {label(run.id[:12])}",
        label(run.release),
        RUNS,
        (
            Section("Metrics", tables=(table,)) if rows else Section("Metrics", texts=("This run has no metrics.",)),
            *([Section("Notes", texts=tuple(label(note, _LONG) for note in run.notes))] if run.notes else []),
            Section("Provenance", tables=(_pairs("Model", {**told, **own}),
                                          _pairs("Server and versions", {**run.server, **versions}),
                                          *([_pairs("Digests", digests)] if digests else []))),
        ),
        facts=(
            Fact("Suite", label(run.suite)),
            Fact("Model", label(run.model.role)),
            Fact("Started", words.when(label(run.started)), f"took {words.seconds(run.seconds)}"),
            Fact("Scored", f"{counts.scored:,}", f"of {words.count(counts.total, 'sample')}"),
            Fact("Model failed", f"{counts.model_failed:,}"),
            Fact("Not evaluated", f"{counts.not_evaluated:,}"),
        ),
    )  # fmt: skip


def _value(found: Own) -> Iterable[Cell]:
    if isinstance(found, Estimate):
        limits = words.interval(found.low, found.high, words.percent)
        return number(words.percent(found.value)), number(limits), number(f"{found.n:,}")
    return missing(label(found.reason, _LONG)), number(words.NOTHING), number(words.NOTHING)


def _pairs(title: str, values: Mapping[str, object]) -> Table:
    rows = tuple((Cell(label(name)), Cell(label(written(value), _LONG), "digest")) for name, value in values.items())
    return Table(title, (Cell("What"), Cell("Value")), rows)
