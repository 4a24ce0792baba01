"""What lm-eval logged of a task or a group, as our samples, outputs, answers and scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness import catalog
from harness.config.lm_eval_groups import RIGHT
from harness.core.directions import Better
from harness.core.errors import ConfigError, OutsideError
from harness.core.runs import TaskResult
from harness.core.samples import Answer, Json, Outcome, Output, Sample, Score
from harness.core.suites import MetricSpec, Task
from harness.metrics.interface import Item, better_of
from harness.pipeline.running.lm_eval_answers import as_json, output_of
from harness.tasks.lm_eval import LmEval

Logged = Mapping[str, Any]

# What it makes of a text that is only read: each is (log-likelihood, words or bytes).
_ROLLING = ("byte_perplexity", "bits_per_byte", "word_perplexity")


def task_result(task: Task, kind: LmEval, found: Mapping[str, Any]) -> TaskResult:
    """Every sample that lm-eval logged, in order; of a group, all its tasks' with their name before the id.

    Raises OutsideError where one is missing, and ConfigError where a metric cannot be made of what lm-eval gives.
    """
    is_group = set(found["samples"]) != {kind.task}
    columns: set[str] = set()
    rows: list[tuple[Sample, Output, Answer, float]] = []
    for name in sorted(found["samples"]):
        logged = _of_one_filter(found["samples"][name], kind.score)
        columns |= {f"{_name(one, kind.score)},{one.get('filter')}" for one in logged}
        expected = found["n-samples"][name]["effective"]
        if len(logged) != expected:
            raise OutsideError(f"lm-eval gave {len(logged)} of {expected} samples of '{name}'. Nothing was judged.")
        ids = _ids(logged, f"{name}/" if is_group else "")
        slices = {"task": name} if is_group else {}
        settings = found.get("configs", {}).get(name, {})
        rows += [_row(one, kind, sample_id, slices, settings) for one, sample_id in zip(logged, ids, strict=True)]
    if not rows:
        raise ConfigError(f"lm-eval gave no samples for the task '{kind.task}'.")
    samples, outputs, answers, figures = zip(*rows, strict=True)
    if not _rolling(logged[0], kind.score):
        _check_direction(task, kind.score, logged[0], found.get("higher_is_better", {}))
    scores = [one for spec in task.metrics for one in _scores(spec, samples, figures)]
    _check_figure(found, kind, columns, figures)
    return TaskResult(task.name, samples, outputs, answers, tuple(scores))


def _of_one_filter(logged: Sequence[Logged], score: str | None) -> list[Logged]:
    """lm-eval gives each row once for every filter of a task; the one that is named counts, else the first."""
    names = list(dict.fromkeys(one.get("filter") for one in logged))
    named = (score or "").partition(",")[2].strip()
    if named and named not in names:
        raise ConfigError(f"the lm-eval task has no filter '{named}'; it has: {', '.join(map(str, names))}.")
    kept = [one for one in logged if one.get("filter") == (named or names[0])]
    return sorted(kept, key=lambda one: int(one["doc_id"]))


def _ids(logged: Sequence[Logged], before: str) -> list[str]:
    """The rows' own ids where each has another, else lm-eval's numbers."""
    own = [str(one["doc"].get("id", one["doc_id"])) for one in logged]
    return [before + name for name in (own if len(set(own)) == len(own) else [str(one["doc_id"]) for one in logged])]


def _row(
    logged: Logged, kind: LmEval, sample_id: str, slices: Mapping[str, str], settings: Mapping[str, Any]
) -> tuple[Sample, Output, Answer, float]:
    doc = {str(key): as_json(value) for key, value in logged["doc"].items()}
    figure = _figure(logged, kind.score)
    if _rolling(logged, kind.score):
        output: Output = Output(sample_id, "", "scored", choices=(logged["filtered_resps"][0],))
        value: Json = figure
    else:
        output, value = output_of(sample_id, logged, _name(logged, kind.score) or "", figure, settings, kind)
    answer = Answer(sample_id, Outcome.SCORED, value)
    return Sample(sample_id, doc, as_json(logged["target"]), slices=slices), output, answer, figure


def _check_figure(found: Mapping[str, Any], kind: LmEval, columns: set[str], figures: Sequence[float]) -> None:
    """Raises ConfigError where lm-eval's own table has another number under this name than the mean of the samples."""
    table = {**found.get("results", {}).get(kind.task, {}), **found.get("groups", {}).get(kind.task, {})}
    ours = math.fsum(figures) / len(figures)
    for column in sorted(columns):
        theirs = table.get(column)
        if isinstance(theirs, int | float) and not math.isclose(theirs, ours, rel_tol=1e-9, abs_tol=1e-12):
            raise ConfigError(
                f"lm-eval's own figure of '{kind.task}' is {theirs:g} ({column}), and the mean over its samples is "
                f"{ours:g}: lm-eval aggregates it by another rule. Ask each of its tasks in a task of its own, or name "
                "another 'score'."
            )


def _figure(logged: Logged, score: str | None) -> float:
    """lm-eval's figure of a sample; of a text that is only read, its log-likelihood (nats) per byte."""
    rolling = _rolling(logged, score)
    if rolling:
        value, count = logged[rolling]
        count = len(str(logged["target"]).encode()) if rolling == "word_perplexity" else count
        if not count:
            raise ConfigError(f"row {logged['doc_id']} of the lm-eval task is an empty text, which has no likelihood.")
        return float(value) / float(count)
    name = _name(logged, score)
    if name is None:
        wanted = _wanted(score)
        given = ", ".join(logged["metrics"]) or "nothing"
        raise ConfigError(f"lm-eval scores this task by {given}, not by {' or '.join(wanted)}: name one as 'score'.")
    try:
        return float(logged[name])
    except (TypeError, ValueError):
        raise ConfigError(f"lm-eval's '{name}' gives no figure for a sample alone; name another as 'score'.") from None


def _wanted(score: str | None) -> tuple[str, ...]:
    return (score.partition(",")[0].strip(),) if score else RIGHT


def _name(logged: Logged, score: str | None) -> str | None:
    """lm-eval's metric that counts for a sample; None where it did not give one of those."""
    return next((key for key in _wanted(score) if key in logged["metrics"]), None)


def _rolling(logged: Logged, score: str | None) -> str | None:
    """The name of a figure that lm-eval made of a text's log-likelihood, where that is what counts."""
    names = [name for name in _ROLLING if name in logged["metrics"]]
    if score:
        return score if score in names else None
    return None if any(name in logged["metrics"] for name in RIGHT) else next(iter(names), None)


def _check_direction(task: Task, score: str | None, logged: Logged, known: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises ConfigError where lm-eval takes another end of its score for the better one than a metric does."""
    wanted = (score.partition(",")[0].strip(),) if score else RIGHT
    name = next((key for key in wanted if key in logged["metrics"]), "")
    ends = {Better.HIGHER if one[name] else Better.LOWER for one in known.values() if one.get(name) is not None}
    wrong = [spec.name for spec in task.metrics if ends and ends != {better_of(spec)}]
    if wrong:
        end = next(iter(ends))
        raise ConfigError(
            f"lm-eval takes {end} values of '{name}' for better, and {', '.join(wrong)} does not: write "
            f"'lm_eval_score: {{better: {end}}}' in its place."
        )


def _scores(spec: MetricSpec, samples: Sequence[Sample], figures: Sequence[float]) -> list[Score]:
    metric = spec.name
    allowed, said = _ALLOWED[metric]
    wrong = next((figure for figure in figures if not allowed(figure)), None)
    if wrong is not None:
        raise ConfigError(f"lm-eval gives a sample {wrong:g}; the metric '{metric}' is for {said}.")
    if metric == "accuracy":
        return [Score(sample.id, metric, figure) for sample, figure in zip(samples, figures, strict=True)]
    items = [Item(s, Answer(s.id, Outcome.SCORED, figure)) for s, figure in zip(samples, figures, strict=True)]
    found: list[Score] = catalog.build("metrics", metric, spec.arguments).score(items)
    return found


_ALLOWED: Mapping[str, tuple[Callable[[float], bool], str]] = {
    "accuracy": (lambda figure: figure in (0.0, 1.0), "0 or 1 (shares: lm_eval_score; perplexities: byte_likelihood)"),
    "lm_eval_score": (lambda figure: 0.0 <= figure <= 1.0, "figures from 0 to 1 (perplexities: byte_likelihood)"),
    "byte_likelihood": (
        lambda figure: math.isfinite(figure) and figure < 0.0,
        "texts that are only read (perplexities)",
    ),
}
