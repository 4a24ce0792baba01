"""The pages of a stored decision: the internal edition, the client's, and the index of the release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.decisions import Decision
from harness.core.releases import Release
from harness.pipeline.candidate import Candidate
from harness.pipeline.decisions import find_decision
from harness.pipeline.workspace import Workspace
from harness.report.index.view import build_index
from harness.report.material import Material
from harness.report.render import render_page
from harness.store.files import refused, write_lines

INTERNAL, CLIENT = "internal", "client"
EDITIONS = (INTERNAL, CLIENT)
_SUFFIXES = {INTERNAL: ".html", CLIENT: ".client.html"}


@dataclass(frozen=True, slots=True)
class Reports:
    """Where the pages were written: the editions that were asked for, by name, and the release's index."""

    editions: Mapping[str, Path]
    index: Path


def write_reports(
    release: Release, decision: Decision, judged: Candidate | None = None, editions: Sequence[str] = EDITIONS
) -> Reports:
    """Write a decision's pages to reports/<release>/, all of them or none.

    `judged` is the candidate where it is at hand. Raises ConfigError where the team's templates fail, OutsideError
    where the evidence is gone or the disk refuses.
    """
    material, templates = _gathered(release, decision, judged), templates_of(release)
    pages = {edition: _page(material, edition, templates) for edition in editions}
    folder = Workspace(release.root).reports(release.name)
    written = {edition: folder / file_name(decision.id, edition) for edition in pages}
    index = _index(release, material, folder, {path.name for path in written.values()})
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from None
    for edition, page in pages.items():
        write_lines(written[edition], [page.encode()])
    write_lines(folder / "index.html", [index.encode()])
    return Reports(written, folder / "index.html")


def _index(release: Release, material: Material, folder: Path, new: set[str]) -> str:
    """The index's page, with links to the pages that are there and to the `new` ones."""
    there = {path.name for path in folder.glob("*.html")} | new
    files = {
        past.id: {edition: name for edition in EDITIONS if (name := file_name(past.id, edition)) in there}
        for past in material.history
    }
    view = build_index(material.decision, material.history, files, material.decided)
    return render_page("index.html", view, templates_of(release))


def report_again(release: Release, prefix: str | None, editions: Sequence[str] = EDITIONS) -> tuple[Decision, Reports]:
    """Render a stored decision again: the one whose id starts with `prefix`, or the newest. Raises ConfigError."""
    decision = find_decision(release, Workspace(release.root), prefix)
    return decision, write_reports(release, decision, None, editions)


def rendered(release: Release, decision: Decision, edition: str) -> str:
    """One edition as HTML; nothing is written. Raises as `write_reports`."""
    return _page(_gathered(release, decision, None), edition, templates_of(release))


def file_name(decision_id: str, edition: str) -> str:
    """The name of an edition's file."""
    return decision_id[:12] + _SUFFIXES[edition]


def templates_of(release: Release) -> Path | None:
    """The team's own templates, where it has any."""
    folder = release.root / "reports" / "templates"
    return folder if folder.is_dir() else None


def _gathered(release: Release, decision: Decision, judged: Candidate | None) -> Material:
    from harness.pipeline.reporting.gather import gather

    return gather(release, decision, judged)


def _page(material: Material, edition: str, templates: Path | None) -> str:
    if edition == CLIENT:
        from harness.report.client.view import build_client
        from harness.report.client.wording import load_wording

        return render_page("client.html", build_client(material, load_wording(templates)), templates)
    from harness.report.internal.view import build_internal

    return render_page("internal.html", build_internal(material), templates, script="filter.js")
