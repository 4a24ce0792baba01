"""A model card is read back by the Hub's own library, tells what was found, and holds nothing private."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from huggingface_hub import ModelCard

from harness.core.estimates import Estimate, Unestimable
from harness.core.verdicts import Verdict
from harness.core.versions import Version
from harness.report.card.facts import CardFacts
from harness.report.card.page import card
from tests.report import made

SECRET = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"
PROVENANCE = {
    "rows": 600,
    "validation_rows": 90,
    "seed": 7,
    "wall_seconds": 300.0,
    "energy_joules": 3_600_000.0,
    "device_name": "2 x NVIDIA H200",
    "peak_memory_bytes": 2**31,
    "settings": {"learning_rate": 0.002, "deepspeed": "/home/ann/zero.json", "wandb_entity": "ann"},
    "adapter": {"r": 16, "target_modules": ["q_proj", "v_proj"], "auto_mapping": None},
    "packages": {"torch": "2.13.0"},
}
VERSION = Version(
    3, "support-desk", "a" * 64, "b" * 64, "d" * 64, "2026-05-01T10:00:00+00:00",
    {"data": "c" * 64, "suite triage": "e" * 64}, PROVENANCE, 2,
)  # fmt: skip


def facts(**changes: object) -> CardFacts:
    decision = made.decision()
    kinds = {gate.gate.metric.rpartition(".")[0]: "classify" for gate in decision.results}
    plain = CardFacts(decision, VERSION, "org/base", kinds, "production", "apache-2.0", ("en", "de"))
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_the_hub_s_library_reads_the_metadata_back() -> None:
    found = ModelCard(card(facts())).data
    assert (found.base_model, found.library_name, found.pipeline_tag) == ("org/base", "peft", "text-generation")
    assert (found.license, found.language) == ("apache-2.0", ["en", "de"])
    assert found.model_name == f"{made.decision().release} v3"
    known = {
        result.gate.metric: result.finding.evidence
        for result in made.decision().results
        if isinstance(result.finding.evidence, Estimate) and result.gate.subset is None
        and result.gate.rule in ("at_least", "at_most")
    }  # fmt: skip
    assert known
    back = {one.dataset_type.partition("/")[2] + "." + one.metric_name: one for one in found.eval_results}
    for metric, estimate in known.items():
        assert back[metric].metric_value == estimate.value
        assert back[metric].metric_args == {
            "low": estimate.low, "high": estimate.high, "level": estimate.level, "samples": estimate.n,
        }  # fmt: skip
        assert back[metric].task_type == "text-classification"


def test_every_gate_stands_in_the_table_with_its_verdict() -> None:
    text = card(facts())
    for result in made.decision().results:
        name = re.escape(result.gate.what).replace("_", r"\\?_")
        assert re.search(rf"^\| .*\|.*\| {result.verdict}", text, re.MULTILINE), name
    assert text.count("\n| ") >= len(made.decision().results)
    assert "2 x NVIDIA H200" in text
    assert "1.000 kWh" in text
    assert "Version v3" in text
    assert "v2 was in production" in text


def test_nothing_private_is_in_it() -> None:
    text = card(facts())
    for private in ("/home/ann", "deepspeed", "wandb", "ann"):
        assert not re.search(rf"\b{re.escape(private)}\b", text), private
    leaky = replace(made.decision(), notes=(f"the key is {SECRET}",))
    assert SECRET not in card(facts(decision=leaky))


def test_a_value_is_no_markup() -> None:
    evil = replace(made.decision(), reason="<script>x</script> [a](http://evil.example) | --- \n# top")
    text = card(facts(decision=evil))
    assert "<script>" not in text
    assert "](http" not in text
    assert "\n# top" not in text
    assert ModelCard(text).data.base_model == "org/base"


def test_what_was_not_measured_is_said_and_is_no_result() -> None:
    first = made.decision().results[0]
    unknown = replace(first, finding=replace(first.finding, evidence=Unestimable("every request failed")),
                      verdict=Verdict.ERROR)  # fmt: skip
    text = card(facts(decision=replace(made.decision(), results=(unknown,))))
    assert "was not measured: every request failed" in text
    assert "not measured" in text
    assert not ModelCard(text).data.eval_results


@pytest.mark.parametrize("rule", ["win_rate", "no_critical_failures"])
def test_a_share_of_wins_or_failures_is_not_told_as_the_metric(rule: str) -> None:
    first = made.decision().results[0]
    other = replace(first, gate=replace(first.gate, rule=rule))
    text = card(facts(decision=replace(made.decision(), results=(other,))))
    assert not ModelCard(text).data.eval_results


def test_a_given_adapter_of_a_base_that_is_nowhere_on_the_hub() -> None:
    text = card(facts(version=replace(VERSION, number=0, provenance={}, parent=None), base=None, stage=""))
    assert "nothing is known of its data" in text
    assert "is not on the Hub" in text
    assert "No version rests on this decision yet" in text
    assert ModelCard(text).data.base_model is None
