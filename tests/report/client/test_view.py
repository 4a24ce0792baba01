"""What a client reads: the verdict told right, nothing promised that was not shown, nothing private."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

from harness.core.decisions import Finding, GateResult
from harness.core.directions import Better
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.places import Place
from harness.core.policies import CHECK, Gate, Subset
from harness.core.presentation import Presentation
from harness.core.verdicts import Role, Verdict
from harness.report.client.page import ClientView
from harness.report.client.view import build_client
from harness.report.material import Material
from harness.report.render import render_page
from harness.report.service import BreakEven
from tests.report import made
from tests.report.client.made import CRITICAL, FAILING, LOST, SAY, material, materials, waived

MADE = materials()
JARGON = (
    "p-value|bootstrap|mcnemar|alpha|macro|f1|clopper|quantile|percentile|latency|p50|p95|digest|adapter|baseline|"
    "inconclusive|estimate|hypothesis|significan|null|metric|gate|waive|non-inferior|rouge|bleu|accuracy|exact_match|"
    "samples?|candidate|few.shot|seed|logit|token|suite"
)


def html(found: Material) -> str:
    return render_page("client.html", build_client(found, SAY))


def text(page: str) -> str:
    """What is read on a page, without its style sheet, its marks and its names of models and releases."""
    page = re.sub(r"<style>.*?</style>", " ", page, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", page)).replace("\u00a0", " ")


def points(view: ClientView, part: str) -> str:
    section = getattr(view, part)
    return "\n".join((*section.paragraphs, *section.points)).replace("\u00a0", " ")


@pytest.mark.parametrize("name", MADE)
def test_the_page_has_no_jargon_and_one_heading_above_all(name: str) -> None:
    page = html(MADE[name])
    read = re.sub(r"[“”]", "", text(page)).replace("base", "")
    assert re.findall(rf"\b({JARGON})\b", read, re.IGNORECASE) == []
    assert re.findall(r"\b(PASS|FAIL|ERROR)\b", read) == []
    assert page.count("<h1") == 1
    assert "<script" not in page
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(
    ("name", "stamp", "sentence"),
    [
        ("pass", "Released", "The new model is released."),
        ("waived", "Released", "The new model is released, with an exception."),
        ("fail", "Not released", "The new model is not released."),
        ("inconclusive", "On hold", "The new model is on hold: there is not enough evidence yet."),
        ("error", "On hold", "The new model is on hold: it could not be judged."),
    ],
)
def test_each_verdict_is_told_in_one_sentence(name: str, stamp: str, sentence: str) -> None:
    view = build_client(MADE[name], SAY)
    assert (view.mark.word, view.reason) == (stamp, sentence)


@pytest.mark.parametrize("name", ["fail", "inconclusive", "error"])
def test_what_is_not_released_never_reads_as_if_it_were(name: str) -> None:
    view = build_client(MADE[name], SAY)
    read = text(html(MADE[name]))
    assert "is released" not in read
    assert "may go into service" not in read
    assert view.guaranteed.heading == "What was shown all the same"
    assert "does not go into service" in points(view, "next")


def test_only_what_passed_is_guaranteed_by_its_bound_and_not_its_value() -> None:
    view = build_client(MADE["waived"], SAY)
    told = points(view, "guaranteed")
    assert "“triage”: in at least 88 of 100 cases, the answer is right, with 95 % confidence." in told
    assert "orders" not in told
    assert "orders" in points(view, "open")


def test_an_exception_is_told_with_its_owner_and_its_end_everywhere() -> None:
    view = build_client(MADE["waived"], SAY)
    one = next(one for one in view.results.promises if "Orders" in one.name)
    assert one.mark.word == "Exception granted"
    assert "Grace Hopper accepts this until 31\u00a0December 2026." in one.sentence
    assert "exception was granted by Grace Hopper until 31 December 2026" in points(view, "next")
    assert "3 of the 4\u00a0promises" in view.meaning


def test_no_failure_seen_is_not_no_failure() -> None:
    found = points(build_client(MADE["pass"], SAY), "open")
    assert "No critical failure in 300 answers" in found
    assert "fewer than 1 % fail. It does not mean that none will." in found
    seen = replace(CRITICAL, verdict=Verdict.FAIL)
    seen = replace(seen, finding=replace(seen.finding, evidence=Estimate(0.01, 0.0, 0.03, 0.95, 300, "")))
    assert "No critical failure" not in points(build_client(material(Verdict.FAIL, seen), SAY), "open")


def test_reasons_of_machines_are_told_by_their_kind() -> None:
    lost = replace(LOST, finding=replace(LOST.finding, outside=True))
    for result in (LOST, lost):
        page = html(material(Verdict.ERROR, result))
        assert not re.search("tgi|8080|srv|240 samples", page)
    assert "Too many answers were lost to technical faults" in page


def test_nothing_agreed_and_all_set_aside_are_no_release() -> None:
    assert "nothing was shown" in build_client(material(Verdict.ERROR), SAY).meaning
    one, use = waived(FAILING)
    view = build_client(material(Verdict.INCONCLUSIVE, one, waivers=(use,)), SAY)
    assert "set aside by an exception" in view.meaning
    assert view.guaranteed.points == ()


def test_what_was_not_tested_or_measured_is_said() -> None:
    view = build_client(material(Verdict.ERROR, LOST, suites=(), runs={}, speed=(), costs=()), SAY)
    assert view.tested.paragraphs == ("No test was run.",)
    assert "Speed was not measured." in view.open.points
    assert view.service.points == ("Speed: not measured.", "Cost: not worked out, as no prices were given.")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            BreakEven("base", "EUR", 4_674.0, 0.114, 41_000.0, 37_392.0, 45_823.5),
            "pays for itself after about 41,000 requests. With some allowance for chance, after 46,000 at the latest.",
        ),
        (
            BreakEven("base", "EUR", 4_674.0, 0.114, 41_000.0, 37_392.0),
            "41,000 requests. This is an estimate: chance alone could mean that it never does.",
        ),
        (BreakEven("base", "EUR", never=True), "so its training does not pay for itself."),
        (BreakEven("base", "EUR", reason="host tgi-8080 gone"), "the new model pays for itself, compared with"),
    ],
)
def test_when_the_new_model_pays_for_itself(found: BreakEven, told: str) -> None:
    last = build_client(material(Verdict.PASS, CRITICAL, break_even=found), SAY).service.points[-1]
    assert told in last
    assert "tgi" not in last


def test_a_budget_is_guaranteed_in_money() -> None:
    gate = Gate("cost.request", "at_most", 0.01, None, Role.GATING, Place("release.yaml", 3), None, "EUR")
    finding = Finding(Estimate(0.006, 0.0055, 0.00661, 0.95, 200, "bootstrap-t of a mean"), 0.01, True)
    page = text(html(material(Verdict.PASS, GateResult(gate, Verdict.PASS, finding, "engineer", "client"))))
    assert "0.0067 EUR" in page
    assert "The cost of an answered request" in page or "the cost of an answered request" in page
    assert not re.search(rf"\b({JARGON})\b", page.partition("Cost of a request")[2][:400].lower().replace("0.01", ""))


def test_more_tries_on_the_same_cases_are_told() -> None:
    one = material(Verdict.PASS, CRITICAL)
    tried = replace(one, decision=replace(one.decision, attempts={"triage.queue": 7}))
    assert "“triage”: 7 models have been judged on these same test cases." in points(build_client(tried, SAY), "open")


def test_the_model_in_production_is_todays_and_a_stand_in_is_not() -> None:
    yaml = "baselines:\n  base: {production: or_base}\n"
    stand_in = build_client(replace(MADE["pass"], release_yaml=yaml), SAY)
    assert "before its training" in stand_in.tested.paragraphs[1]
    trained = {
        role: {suite: replace(run, model=replace(run.model, adapter_digest="a")) for suite, run in found.items()}
        for role, found in MADE["pass"].runs.items()
    }
    today = build_client(replace(MADE["pass"], release_yaml=yaml, runs=trained), SAY)
    assert today.tested.paragraphs[1] == "Today's model was given the same test cases."


EVIDENCE = Estimate(0.9, 0.85, 0.94, 0.95, 200, "")
AGAINST = Comparison(0.9, 0.8, 0.1, 0.05, 0.15, 0.95, 200, "")


@pytest.mark.parametrize(
    ("subset", "told"),
    [
        (Subset("class", "billing"), "the share of right answers in “triage”, class “billing”"),
        (Subset("field", "name"), "the share of right answers in “triage”, field “name”"),
        (Subset("slice", "language", "de"), "the share of right answers in “triage”, where “language” is “de”"),
    ],
)
def test_parts_of_a_task_are_named(subset: Subset, told: str) -> None:
    one = made.gate("triage.accuracy", "at_least", 0.8, EVIDENCE, Verdict.PASS)
    one = replace(one, gate=replace(one.gate, subset=subset))
    view = build_client(material(Verdict.PASS, one), SAY)
    assert told in view.results.promises[0].sentence
    assert view.guaranteed.points == (f"{told[0].upper()}{told[1:]} is at least 85\u00a0%, with 95\u00a0% confidence.",)


@pytest.mark.parametrize("rule", ["at_least", "at_most", "margin", "improves", "no_critical_failures", "win_rate"])
@pytest.mark.parametrize("verdict", Verdict)
def test_every_rule_is_told_whatever_its_verdict(rule: str, verdict: Verdict) -> None:
    evidence = AGAINST if rule in ("margin", "improves") else EVIDENCE
    one = made.gate("triage.own_measure", rule, 0.8, evidence, verdict)
    against = "base" if rule in ("margin", "improves", "win_rate") else None
    one = replace(one, gate=replace(one.gate, against=against))
    view = build_client(material(verdict, one), SAY)
    word = {"PASS": "Kept", "FAIL": "Not kept", "INCONCLUSIVE": "Not shown yet", "ERROR": "Not checked"}[verdict]
    assert view.results.promises[0].mark.word == word
    assert bool(view.guaranteed.points) is (verdict is Verdict.PASS)
    assert (one.gate.id in text(html(material(verdict, one)))) is False


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict.PASS, "was made, and the new model passes it."),
        (Verdict.FAIL, "was made, and the new model fails it."),
        (Verdict.INCONCLUSIVE, "was not made, so we cannot promise what it is about."),
        (Verdict.ERROR, "could not be made."),
    ],
)
def test_a_check_is_told_and_guarantees_nothing(verdict: Verdict, told: str) -> None:
    one = made.gate("checks.rules.test_no_rude_words", CHECK, 0.0, Unestimable("said so"), verdict)
    view = build_client(material(verdict, one), SAY)
    assert view.results.promises[0].sentence == f"The check “no rude words” {told}"
    assert view.guaranteed.points == ()


def test_a_margin_that_is_kept_does_not_read_as_a_loss() -> None:
    one = made.gate("triage.accuracy", "margin", 0.1, AGAINST, Verdict.PASS)
    sentence = build_client(material(Verdict.PASS, one), SAY).results.promises[0].sentence.replace("\u00a0", " ")
    assert "at most 10 points below that of the model before its training (“base”), with 95 % confidence." in sentence
    assert "worse" not in sentence
    lower = replace(one, gate=replace(one.gate, better=Better.LOWER))
    sentence = build_client(material(Verdict.PASS, lower), SAY).results.promises[0].sentence.replace("\u00a0", " ")
    assert "at most 10 points above that of the model before its training" in sentence


def test_too_few_cases_and_thin_evidence_are_told() -> None:
    few = made.gate("triage.format", "at_least", 0.99, EVIDENCE, Verdict.INCONCLUSIVE)
    few = replace(few, finding=replace(few.finding, needed=299))
    thin = made.gate("triage.accuracy", "at_least", 0.8, replace(EVIDENCE, low=None), Verdict.INCONCLUSIVE)
    view = build_client(material(Verdict.INCONCLUSIVE, few, thin), SAY)
    told = [one.sentence.replace("\u00a0", " ") for one in view.results.promises]
    assert told[0].endswith("200 test cases are too few for this promise: it takes at least 299.")
    assert told[1].endswith("The evidence is too thin to build on.")


def test_a_measure_that_was_lost_or_repeated_is_told() -> None:
    lost = tuple(replace(one, quantiles={"p50": Unestimable("")}) for one in MADE["pass"].speed)
    first = MADE["pass"].suites[0]
    task = replace(first.tasks[0], repeats=3, flip_rate=0.05, groups=40)
    suites = (replace(first, tasks=(task,)),)
    found = replace(MADE["pass"], speed=lost, suites=suites)
    found = replace(found, decision=replace(found.decision, looks=(2, 3)))
    view = build_client(found, SAY)
    assert view.service.points[0].startswith("The new model: the time of an answer could not be told.")
    assert view.tested.tables[0].rows[0][1].note == "Each was asked 3 times."
    assert "answered otherwise in 5.0 % of the cases" in points(view, "open")
    assert "only 40 groups of test cases that belong together" in points(view, "open")
    assert any("this is look 2" in one for one in view.method.paragraphs)


def test_an_adapter_that_was_not_proven_to_answer_is_told() -> None:
    proof = next(iter(MADE["pass"].candidate.values())).adapter_proof
    found = replace(MADE["pass"], decision=replace(MADE["pass"].decision, notes=(f"adapter {proof}",)))
    assert SAY["open_unproven"] in build_client(found, SAY).open.points
    assert SAY["open_unproven"] not in build_client(MADE["pass"], SAY).open.points


def test_a_team_replaces_one_part_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "client.html").write_text(
        '{% extends "harness/client.html" %}{% block method %}<p>Ask us how.</p>{% endblock %}'
    )
    page = render_page("client.html", build_client(MADE["pass"], SAY), tmp_path)
    assert "Ask us how." in page
    assert SAY["heading_method"] not in page
    assert SAY["heading_open"] in page


def test_a_hostile_text_is_only_a_text() -> None:
    told = Presentation(made.HOSTILE, made.HOSTILE, made.HOSTILE, True)
    page = html(replace(MADE["pass"], presentation=told))
    assert "<script" not in page
    assert "\u202e" not in page
    assert "[U+202E]" in page
