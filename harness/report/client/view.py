"""A decision as its client reads it: plain words, nothing private. Pure: the same material gives the same page."""

from __future__ import annotations

from harness.report import words
from harness.report.client.examples import samples_section
from harness.report.client.facts import facts
from harness.report.client.guaranteed import guaranteed_section
from harness.report.client.limits import open_section
from harness.report.client.method import colophon, method_section
from harness.report.client.names import names_of
from harness.report.client.page import ClientView
from harness.report.client.results import results_section
from harness.report.client.service import service_section
from harness.report.client.tested import tested_section
from harness.report.client.verdict import next_section, verdict_mark, verdict_sentence, why
from harness.report.client.wording import Say, tell
from harness.report.guard import label
from harness.report.material import Material

_TITLE = 120


def build_client(material: Material, say: Say) -> ClientView:
    """The client's edition of a decision. `say` are its fixed texts (wording.load_wording).

    No text of a sample is in it unless the release says so; reasons of engineers, ids and addresses never are.
    """
    names, decision, told = names_of(material, say), material.decision, material.presentation
    verdict = verdict_sentence(names)
    product = label(told.title or decision.release, _TITLE)
    return ClientView(
        title=tell(say, "title", product=product, verdict=verdict),
        masthead=say["masthead"],
        release=product,
        client=tell(say, "for_client", client=label(told.client, _TITLE)) if told.client else "",
        mark=verdict_mark(decision.verdict, names),
        reason=verdict,
        meaning=why(names),
        decided=label(words.when(decision.decided)),
        facts=facts(names),
        nav_label=say["nav_label"],
        tested=tested_section(names),
        results=results_section(names),
        guaranteed=guaranteed_section(names),
        open=open_section(names),
        service=service_section(names),
        next=next_section(names),
        method=method_section(names),
        samples=samples_section(names),
        colophon=colophon(names),
    )
