"""What the registry wants to be reached."""

from __future__ import annotations

import pytest

from harness.config.forms import form_of
from harness.core.errors import ConfigError
from harness.core.routes import CanaryRules
from harness.core.versions import Move, Registry, Version
from harness.pipeline.routing.wanted import wanted
from tests.projects import Project

VERSIONS = tuple(Version(number, "r", f"a{number}", "b", "d", "now") for number in (1, 2, 3))


def _registry(*moves: tuple[int, str, str], share: float | None = None) -> Registry:
    made = [Move(i, "r", number, stage, why, "d", "now", share=share) for i, (number, stage, why) in enumerate(moves)]
    return Registry(VERSIONS, tuple(made))


def _names(*moves: tuple[int, str, str]) -> tuple[str | None, ...]:
    found = wanted(_registry(*moves), CanaryRules())
    return tuple(one.name if one else None for one in (found.production, found.canary, found.previous))


PROMOTED = [(number, "production", "promote") for number in (1, 2, 3)]


def test_production_and_the_last_good_version() -> None:
    assert _names(*PROMOTED[:1]) == ("v1", None, None)
    assert _names(*PROMOTED) == ("v3", None, "v2")


def test_a_version_that_was_rolled_back_stands_in_for_nobody() -> None:
    assert _names(*PROMOTED[:2], (1, "production", "rollback")) == ("v1", None, None)
    assert _names(*PROMOTED, (2, "production", "rollback")) == ("v2", None, "v1")


def test_a_last_good_version_that_is_tried_again_stands_in_for_nobody() -> None:
    assert _names(*PROMOTED[:2], (1, "canary", "promote")) == ("v2", "v1", None)


def test_the_canary_has_its_share_or_the_first_of_the_rules() -> None:
    moves = (*PROMOTED[:1], (2, "canary", "promote"))
    assert _names(*moves) == ("v1", "v2", None)
    assert wanted(_registry(*moves), CanaryRules(shares=(0.07, 0.5))).share == 0.07
    assert wanted(_registry(*moves, share=0.5), CanaryRules()).share == 0.5


def test_nothing_in_production_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing is in production"):
        wanted(_registry((1, "canary", "promote")), CanaryRules())


def test_a_form_is_a_pattern_for_the_whole_text_or_a_schema(desk: Project) -> None:
    assert form_of("", desk.root) is None
    pattern = form_of("regex:(yes|no)", desk.root)
    assert pattern
    assert (pattern(" yes\n"), pattern("yes, but")) == (True, False)
    desk.write("answer.json", '{"type": "object", "required": ["order"]}')
    schema = form_of("answer.json", desk.root)
    assert schema
    assert (schema('{"order": 1}'), schema("{}"), schema("none")) == (True, False, False)


@pytest.mark.parametrize("rule", ["regex:(", "missing.json", "lora.yaml"])
def test_a_form_that_is_none_is_refused(desk: Project, rule: str) -> None:
    with pytest.raises(ConfigError, match=r"canary\.format"):
        form_of(rule, desk.root)
