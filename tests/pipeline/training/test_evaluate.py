"""Experiments are asked the validation suites alone, and nothing of the release judges them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.pipeline.training.evaluate import on_validation
from tests.pipeline.training.test_table import asked


def test_only_the_validation_suites_are_asked_and_adapters_stay_adapters(tmp_path: Path) -> None:
    given = asked(tmp_path)
    assert given.experiments
    other = replace(given.suites[0], name="other")
    validation = replace(given.experiments, suites=(other,))
    found = on_validation(replace(given, experiments=validation, serve=replace(given.serve, merged=True)))
    assert found.suites == (other,)
    assert not found.serve.merged
    assert (found.baselines, found.policy.gates, found.experiments, found.measure) == ((), (), None, None)
