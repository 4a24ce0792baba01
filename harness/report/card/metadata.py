"""The Hub's metadata of a model card: YAML that huggingface_hub itself writes, so that the Hub reads it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.core.decisions import GateResult
from harness.core.estimates import Comparison, Estimate
from harness.report.card.facts import CardFacts

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

# The Hub's names of metrics; others keep ours.
_METRICS = {"macro_f1": "f1", "rouge_1": "rouge", "rouge_2": "rouge", "rouge_l": "rouge", "bert_score": "bertscore"}
_TASKS = {"classify": "text-classification"}
# Rules whose numbers are the metric's own; the others look at failures or wins.
_OWN = ("at_least", "at_most", "improves", "margin")


def metadata(facts: CardFacts) -> str:
    """YAML, without the lines that stand around it."""
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        base_model=facts.base,
        library_name="peft",
        pipeline_tag="text-generation",
        license=facts.license,
        language=list(facts.languages) or None,
        tags=["lora", "harness"],
        model_name=facts.name,
        eval_results=list(results(facts)) or None,
    )
    return data.to_yaml().strip()


def results(facts: CardFacts) -> Iterator[EvalResult]:
    """One for each metric of a whole task that a gate looked at and that is known, with its bounds as arguments."""
    from huggingface_hub import EvalResult

    told: set[str] = set()
    for result in sorted(facts.decision.results, key=_estimates_first):
        gate, found = result.gate, result.finding.evidence
        suite, _, metric = gate.metric.rpartition(".")
        own = isinstance(found, Estimate | Comparison) and gate.rule in _OWN and gate.subset is None
        if not own or gate.metric in told or suite not in facts.kinds or gate.is_check:
            continue
        told.add(gate.metric)
        yield EvalResult(
            task_type=_TASKS.get(facts.kinds[suite], "text-generation"),
            dataset_type=f"{facts.decision.release}/{suite}",
            dataset_name=f"{suite} (private test rows)",
            dataset_revision=facts.decision.digests.get(f"suite {suite.partition('.')[0]}"),
            metric_type=_METRICS.get(metric, metric),
            metric_name=metric,
            metric_value=found.value if isinstance(found, Estimate) else found.candidate,  # type: ignore[union-attr]
            metric_args=_bounds(found) if isinstance(found, Estimate) else None,
        )


def _bounds(found: Estimate) -> dict[str, float | int | None]:
    return {"low": found.low, "high": found.high, "level": found.level, "samples": found.n}


def _estimates_first(result: GateResult) -> bool:
    return not isinstance(result.finding.evidence, Estimate)
