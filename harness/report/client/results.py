"""How the new model did: each promise in a sentence, all of them in one picture, and the models beside each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from harness.core.decisions import GateResult
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.report import words
from harness.report.client.names import Names
from harness.report.client.page import Section
from harness.report.client.promises import mark, promise, rule, rule_short
from harness.report.client.wording import start, tell
from harness.report.material import CANDIDATE
from harness.report.numbers import Difference, MetricNumbers
from harness.report.page import Cell, Figure, Table, heads, number
from harness.report.pictures.intervals import IntervalRow, intervals
from harness.report.pictures.models import ModelRow, models


def results_section(names: Names) -> Section:
    """The promises in a picture and in words, then the models' own figures."""
    say, results = names.say, names.material.decision.results
    first, second = _promises(results, names), _models(names)
    return Section(
        "results",
        say["nav_results"],
        say["heading_results"],
        paragraphs=(say["results_intro"] if results else say["results_none"],),
        opens=(first,) if isinstance(first, Figure) else (),
        promises=tuple(promise(result, names) for result in results),
        figures=(second,) if isinstance(second, Figure) else (),
        tables=tuple(part for part in (first, second) if isinstance(part, Table)),
    )


def _promises(results: Iterable[GateResult], names: Names) -> Figure | Table | None:
    """Every promise that has a number, against its limit."""
    say, gates = names.say, [result for result in results if not result.gate.is_check]
    if not gates:
        return None
    head = (
        Cell(say["head_promise"]),
        Cell(say["head_agreed"]),
        *(Cell(say[key], "number") for key in ("head_found", "head_between")),
        Cell(say["head_result"]),
    )
    table = Table(say["picture_promises"], head, tuple(_promise_row(one, names) for one in gates), style="cards")
    alt = tell(say, "picture_alt", found="; ".join(f"{row[0].text} {row[-1].text}" for row in table.rows))
    drawn = intervals([_interval(one, names) for one in gates], alt, say["limit"])
    return Figure(table.caption, drawn, table, say["picture_promises_note"]) if drawn else table


def _promise_row(result: GateResult, names: Names) -> tuple[Cell, ...]:
    gate, finding, seen = result.gate, result.finding, mark(result, names)
    return (
        Cell(start(names.short(gate))),
        Cell(rule(gate, names)),
        number(_value(result, names)),
        number(words.evidence_interval(gate, finding.evidence, finding.bound)),
        Cell(f"{seen.glyph} {seen.word}", f"verdict {seen.tone}"),
    )


def _value(result: GateResult, names: Names) -> str:
    if isinstance(result.finding.evidence, Unestimable):
        return names.say["not_measured"]
    return words.evidence_value(result.gate, result.finding.evidence, result.finding.bound)


def _interval(result: GateResult, names: Names) -> IntervalRow:
    gate, evidence, bound = result.gate, result.finding.evidence, result.finding.bound
    good: Literal["above", "below"] = "above" if words.good_side(gate) == "above" else "below"
    name, text = start(names.short(gate)), rule_short(gate, names)
    family: Literal["points", "seconds"] = "seconds" if words.is_amount(gate) else "points"
    seen = mark(result, names)
    word = f"{seen.glyph} {seen.word}"
    if isinstance(evidence, Unestimable):
        unknown = _value(result, names)
        return IntervalRow(name, result.verdict, good=good, family=family, value_text=unknown, shown=word)
    value = evidence.difference if isinstance(evidence, Comparison) else evidence.value
    shown = _value(result, names)
    return IntervalRow(name, result.verdict, value, evidence.low, evidence.high, bound, good, family, shown, text, word)


def _models(names: Names) -> Figure | Table | None:
    """The models' own figures on what was agreed on, and on each task's main measure; None without another model."""
    metrics = _metrics(names)
    baselines = names.material.baselines
    if not baselines or not metrics:
        return None
    roles = (CANDIDATE, *baselines)
    changes = [tell(names.say, "head_change", role=names.role(role)) for role in baselines]
    head = heads(names.say["head_measure"], *(start(names.role(role)) for role in roles), *changes)
    rows = tuple(_models_row(one, names) for one in metrics)
    table = Table(names.say["table_models"], head, rows, style="cards")
    drawn = models([row for one in metrics for row in _model_rows(one, names)])
    return Figure(names.say["picture_models"], drawn, table, names.say["picture_models_note"]) if drawn else table


def _metrics(names: Names) -> list[MetricNumbers]:
    agreed = {result.gate.metric for result in names.material.decision.results}
    return [
        one
        for task in names.material.tasks
        for one in task.metrics
        if one.name in agreed or (task.main is not None and one.info.name == task.main)
    ]


def _models_row(metric: MetricNumbers, names: Names) -> tuple[Cell, ...]:
    roles, missing = names.material.baselines, Unestimable("")
    own = [_own(metric, role, names) for role in (CANDIDATE, *roles)]
    return (
        Cell(start(names.metric(metric.name))),
        *(number(text) for text in own),
        *(_change(metric.against.get(role, missing), names) for role in roles),
    )


def _own(metric: MetricNumbers, role: str, names: Names) -> str:
    found = metric.own.get(role)
    return words.percent(found.value) if isinstance(found, Estimate) else names.say["not_measured"]


def _change(found: Difference, names: Names) -> Cell:
    if isinstance(found, Unestimable):
        return Cell(names.say["not_measured"], "number missing")
    better = found.low is not None and found.low > 0
    worse = found.high is not None and found.high < 0
    kind = "better" if better else "worse" if worse else "same"
    return Cell(words.points(found.difference), f"number {kind}", names.say[f"change_{kind}"])


def _model_rows(metric: MetricNumbers, names: Names) -> Iterable[ModelRow]:
    name = start(names.metric(metric.name))
    for role in (CANDIDATE, *names.material.baselines):
        found, shown = metric.own.get(role), names.role_short(role)
        if isinstance(found, Estimate):
            text = words.percent(found.value)
            yield ModelRow(name, role, found.value, found.low, found.high, value_text=text, shown=shown)
