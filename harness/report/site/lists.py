"""The lists of the site: decisions, runs, versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.runs import Run
from harness.report import words
from harness.report.guard import label
from harness.report.index.view import mark_of
from harness.report.listing import Entry, Link, Listing
from harness.report.page import Cell
from harness.report.site.page import DECISIONS, RUNS, VERSIONS, Section, SitePage, decision_link, run_link


@dataclass(frozen=True, slots=True)
class Decided:
    """A stored decision in one line; `reason` is "" where it belongs to another release."""

    id: str
    release: str
    verdict: str
    decided: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Promoted:
    """A version in one line."""

    number: int
    stage: str
    adapter: str
    decision: str
    created: str


def decisions_page(release: str, own: Sequence[Decided], others: Sequence[Decided]) -> SitePage:
    """The decisions of the release, newest first; those of other releases in the same store by name only."""
    rows = tuple(
        (Entry(links=(Link(one.id[:12], decision_link(one.id)),), note=words.when(label(one.decided)), style="digest"),
         Entry(mark=mark_of(one.verdict)), Entry(words.start(label(one.reason, 600)), style="sentence"),
         Entry(links=tuple(Link(name, decision_link(one.id, name)) for name in ("internal", "client"))))
        for one in own
    )  # fmt: skip
    found = [Listing("Decisions, the newest first", _head("Decision", "Verdict", "Reason", "Report"), rows,
                     empty="nothing was decided yet; `harness gate` decides.")]  # fmt: skip
    if others:
        strangers = tuple(
            (Entry(label(one.release)), Entry(label(one.id[:12]), style="digest"), Entry(mark=mark_of(one.verdict)),
             Entry(words.when(label(one.decided))))
            for one in others
        )  # fmt: skip
        note = "Their reports are shown by `harness view` with their own release.yaml."
        head = _head("Release", "Decision", "Verdict", "Decided")
        found.append(Listing("Decisions of other releases in this store", head, strangers, note))
    return SitePage("Decisions", label(release), DECISIONS, (Section(listings=tuple(found)),))


def runs_page(release: str, runs: Sequence[Run], interrupted: int) -> SitePage:
    """The runs of the release, newest first, with how their samples ended."""
    head = (*_head("Run", "Suite", "Model", "Started"),
            *(Cell(name, "number") for name in ("Took", "Scored", "Model failed", "Not evaluated")))  # fmt: skip
    note = f"{words.count(interrupted, 'run')} did not come to an end and can be resumed." if interrupted else ""
    listing = Listing("Runs, the newest first", head, tuple(_run(run) for run in reversed(runs)), note,
                      "nothing was run yet; `harness run` runs the suites.")  # fmt: skip
    return SitePage("Runs", label(release), RUNS, (Section(listings=(listing,)),))


def versions_page(release: str, versions: Sequence[Promoted]) -> SitePage:
    """The versions of the release, newest first."""
    rows = tuple(
        (Entry(f"v{one.number}"), Entry(label(one.stage)), Entry(label(one.adapter[:12]), style="digest"),
         Entry(links=(Link(one.decision[:12], decision_link(one.decision)),), style="digest"),
         Entry(words.when(label(one.created))))
        for one in versions
    )  # fmt: skip
    head = _head("Version", "Stage", "Adapter", "Decision", "Recorded")
    empty = "nothing was promoted yet; `harness promote` records a version."
    return SitePage("Versions", label(release), VERSIONS,
                    (Section(listings=(Listing("Versions, the newest first", head, rows, empty=empty),)),))  # fmt: skip


def _run(run: Run) -> tuple[Entry, ...]:
    counts = (run.counts.scored, run.counts.model_failed, run.counts.not_evaluated)
    return (
        Entry(links=(Link(run.id[:12], run_link(run.id)),), style="digest"),
        Entry(label(run.suite)),
        Entry(label(run.model.role)),
        Entry(words.when(label(run.started))),
        Entry(words.seconds(run.seconds), style="number"),
        *(Entry(f"{count:,}", style="number") for count in counts),
    )


def _head(*names: str) -> tuple[Cell, ...]:
    return tuple(Cell(name) for name in names)
