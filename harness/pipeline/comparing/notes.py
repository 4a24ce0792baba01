"""In what two sides differ beside their models, and what weakens the comparison, in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from harness.client.proof import PROVEN
from harness.core.ids import short
from harness.core.runs import Run
from harness.core.samples import Json
from harness.pipeline.comparing.samples import AskedPair
from harness.pipeline.judging.evidence import Judged
from harness.pipeline.judging.series import evaluated
from harness.report.comparing.view import Side

_NAMES = ("A", "B")


def answered_by(runs: Sequence[Run]) -> str:
    """The models of a side's runs, from the runs' own records."""
    return ", ".join(dict.fromkeys(_model(run) for run in runs))


def notes_between(
    ours: Side, theirs: Side, both: Sequence[tuple[Judged, Judged]], pairs: Mapping[str, Sequence[AskedPair]]
) -> list[str]:
    """What one side alone has, what was served or asked otherwise, what was lost, and the runs' own notes."""
    found: list[str] = []
    for name, side, other in ((_NAMES[0], ours, theirs), (_NAMES[1], theirs, ours)):
        found += [f"only {name} has the suite {suite}" for suite in side.runs if suite not in other.runs]
    compared = {name.partition(".")[0] for name in pairs}
    for mine, its in both:
        if mine.run.suite in compared:
            found += [f"{mine.run.suite}: {text}" for text in _between(mine, its)]
    for name, metrics in pairs.items():
        found += [f"{name}: {text}" for pair in metrics for text in _lost(pair)]
    return list(dict.fromkeys(found))


def _model(run: Run) -> str:
    model = run.model
    if model.base_digest:
        base = f"base {short(model.base_digest)}"
        return f"adapter {short(model.adapter_digest)} on {base}" if model.adapter_digest else base
    return str(model.own.get("model") or run.server.get("kind") or "a model that was not named")


def _between(ours: Judged, theirs: Judged) -> Iterator[str]:
    mine, its = ours.run, theirs.run
    if mine.id == its.id:
        yield f"A and B are the same run, {short(mine.id)}"
        return
    yield from _apart("server", mine.server, its.server)
    before = [{"before each question": run.model.few_shot} for run in (mine, its)]
    yield from _apart("examples", *before)
    yield from _apart("model", mine.model.own, its.model.own)
    yield from _apart("versions", mine.versions, its.versions)
    yield from _apart("recipe", _seed(ours), _seed(theirs))
    yield from _only("task", set(ours.results), set(theirs.results))
    for task in ours.results:
        names = ({info.name for info in run.metrics.get(task, ())} for run in (mine, its))
        if task in theirs.results:
            yield from _only(f"metric of {task}:", *names)
    for name, run in zip(_NAMES, (mine, its), strict=True):
        if run.model.adapter_digest and run.adapter_proof != PROVEN:
            yield f"{name}: adapter {run.adapter_proof}"
        yield from (f"{name}: {note}" for note in run.notes)


def _seed(judged: Judged) -> Mapping[str, Json]:
    return {"seed": judged.recipe["seed"]} if "seed" in judged.recipe else {}


def _apart(what: str, ours: Mapping[str, Json], theirs: Mapping[str, Json]) -> Iterator[str]:
    """Each key whose values differ, with both values."""
    for key in sorted({*ours, *theirs}):
        if ours.get(key) != theirs.get(key):
            yield f"{what} {key}: {_shown(ours, key)} for A, {_shown(theirs, key)} for B"


def _shown(values: Mapping[str, Json], key: str) -> str:
    value = values.get(key)
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)


def _only(what: str, ours: set[str], theirs: set[str]) -> Iterator[str]:
    for name, first, second in ((_NAMES[0], ours, theirs), (_NAMES[1], theirs, ours)):
        yield from (f"only {name} has the {what} {one}" for one in sorted(first - second))


def _lost(pair: AskedPair) -> Iterator[str]:
    """How many samples were not evaluated, and what they count as."""
    for name, counts_as, one in zip(_NAMES, ("wrong", "right"), pair, strict=True):
        lost = int((~evaluated(one.result, one.info)).any(axis=1).sum())
        if lost:
            yield (
                f"{lost} of {len(one.result.ids)} samples of {name} were not evaluated ({one.info.name}); "
                f"they count as {counts_as}, as in a gate"
            )
