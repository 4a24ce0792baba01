"""The text of a model card. Every value is escaped, so none can become markup; nothing in it is a path or a sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.decisions import GateResult
from harness.core.estimates import Comparison, Unestimable
from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.card.facts import CardFacts
from harness.report.card.metadata import metadata
from harness.report.ci.markdown import escaped

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parents[1] / "templates"
# Keys of a trainer's config that say how was learned; all others could name places or accounts.
SETTINGS = (
    "adapter", "learning_rate", "lr_scheduler", "warmup_ratio", "warmup_steps", "num_epochs", "max_steps",
    "micro_batch_size", "gradient_accumulation_steps", "optimizer", "weight_decay", "sequence_len", "sample_packing",
    "lora_r", "lora_alpha", "lora_dropout", "load_in_4bit", "load_in_8bit", "bf16", "fp16", "chat_template",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A gate's line of the table of results, in words."""

    metric: str
    rule: str
    value: str
    interval: str
    samples: str
    verdict: str


def card(facts: CardFacts) -> str:
    """README.md: the Hub's metadata, then the text."""
    origin = facts.version.provenance
    text = _environment().get_template("card.md").render(
        facts=facts,
        decision=facts.decision,
        reason=words.start(facts.decision.reason),
        version=facts.version,
        origin=origin,
        settings=_chosen(origin.get("settings"), SETTINGS),
        adapter=_chosen(origin.get("adapter"), ("r", "lora_alpha", "lora_dropout", "target_modules")),
        packages=_plain(origin.get("packages")),
        took=_took(origin),
        rows=[_row(result) for result in facts.decision.results],
        limits=list(_limits(facts)),
    )  # fmt: skip
    return f"---\n{metadata(facts)}\n---\n\n{text}"


@cache
def _environment() -> Environment:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, finalize=_shown, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def _shown(value: object) -> str:
    """What an expression of the template comes to: Markdown shows it as it stands."""
    return escaped(str(value))


def _row(result: GateResult) -> Row:
    gate, found = result.gate, result.finding.evidence
    verdict = f"{result.verdict} (waived)" if result.waived else str(result.verdict)
    if isinstance(found, Unestimable) or gate.is_check:
        return Row(gate.what, words.rule(gate), words.NOT_MEASURED, words.NOTHING, words.NOTHING, verdict)
    bound, samples = result.finding.bound, found.pairs if isinstance(found, Comparison) else found.n
    value = words.evidence_value(gate, found, bound)
    return Row(gate.what, words.rule(gate), value, words.evidence_interval(gate, found, bound), f"{samples:,}", verdict)


def _limits(facts: CardFacts) -> Iterator[str]:
    """What is not shown by the numbers: gates without a verdict, waivers, notes."""
    for result in facts.decision.results:
        found = result.finding.evidence
        if isinstance(found, Unestimable) and not result.gate.is_check:
            yield f"{result.gate.what} was not measured: {found.reason}."
        elif result.verdict is Verdict.INCONCLUSIVE:
            yield f"{result.gate.what} ({words.rule(result.gate)}) is not decided: there are too few samples for it."
        elif result.verdict is Verdict.FAIL:
            yield f"{result.gate.what} misses its bound ({words.rule(result.gate)})."
    for use in facts.decision.waivers:
        if use.outcome == "used":
            yield f"{use.waiver.gate} passes by an exception that ends on {use.waiver.expires}."
    yield from facts.decision.notes


def _took(origin: Mapping[str, object]) -> list[tuple[str, str]]:
    seconds, memory, joules = (origin.get(key) for key in ("wall_seconds", "peak_memory_bytes", "energy_joules"))
    device = origin.get("device_name") or origin.get("device")
    found = [
        ("Device", str(device) if device else None),
        ("Time", words.seconds(seconds) if isinstance(seconds, int | float) else None),
        ("Peak memory", f"{memory / 2**30:.2f} GiB" if isinstance(memory, int) else None),
        ("Energy", f"{joules / 3.6e6:.3f} kWh" if isinstance(joules, int | float) else "not known"),
    ]
    return [(term, text) for term, text in found if text]


def _chosen(value: object, keys: tuple[str, ...]) -> dict[str, object]:
    settings = _plain(value)
    return {key: settings[key] for key in keys if settings.get(key) is not None}


def _plain(value: object) -> dict[str, object]:
    found = dict(value) if isinstance(value, Mapping) else {}
    return {str(key): ", ".join(map(str, one)) if isinstance(one, list) else one
            for key, one in found.items() if one is not None}  # fmt: skip
