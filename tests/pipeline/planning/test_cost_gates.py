"""Gates on costs before anything is run: as many requests as the measured phase has, and no fewer than 59."""

from __future__ import annotations

import pytest

from harness.pipeline.planning.prospects import Prospect, prospects
from harness.pipeline.validate import validate
from tests.pipeline.release_project import Project, rows, write_rows


def of_costs(project: Project, requests: int) -> list[Prospect]:
    project.release["gates"] += [
        {"metric": "cost.request", "at_most": 0.01},
        {"metric": "cost.request", "against": "base", "improves": True},
    ]
    tokens = {"per_million_tokens": {"prompt": 1.0, "generated": 3.0}}
    project.release["prices"] = {"models": {"candidate": {"per_hour": 2.0}, "base": tokens}}
    project.release["measure"] = {"requests": requests}
    project.write()
    found = prospects(validate(project.file))
    return [one for one in found if one.gate.metric == "cost.request"]


def test_fifty_nine_requests_of_sixty_samples_can_pass(project: Project) -> None:
    for one in of_costs(project, 59):
        assert (one.samples, one.least, one.can_pass, one.obstacle) == (59, 59, True, "")


def test_many_requests_of_few_samples_prove_nothing(project: Project) -> None:
    write_rows(project.root / "data/test.jsonl", rows(19))
    for one in of_costs(project, 400):
        assert one.can_pass is False
        assert "19 groups; at least 20 are needed" in one.obstacle


def test_looking_at_any_time_has_no_bound_for_them(project: Project) -> None:
    project.release["policy"]["looks"] = "anytime"
    with pytest.raises(Exception, match=r"cost\.request has no bound that holds at any time"):
        of_costs(project, 100)
