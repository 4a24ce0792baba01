"""The router with servers that it starts itself: a version that is promoted later gets one beside."""

from __future__ import annotations

import pytest

from harness import base_models
from harness.core.versions import ROLLBACK, Version
from harness.pipeline.candidate import adapter_digest
from harness.pipeline.registry.artefacts import keep
from harness.store.registry import add_version
from tests.pipeline.release_project import Project, make_project
from tests.pipeline.routing.test_route import _Routed, moved, until
from tests.tiny import make_tiny_adapter, make_tiny_model


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_version_that_is_promoted_later_gets_a_server_beside(tmp_path_factory: pytest.TempPathFactory) -> None:
    found = _project(make_project(tmp_path_factory.mktemp("local"), "http://127.0.0.1:1", 6))
    moved(found, 1)
    with _Routed(found) as routed:
        (first,) = routed.table.urls
        assert routed.answer()
        moved(found, 2)
        until(lambda: routed.table.production.name == "v2", 120)
        second, spare = routed.table.urls
        assert (spare, [target.name for target in routed.table.fallback]) == (first, ["v1"])
        assert second != first
        moved(found, 1, why=ROLLBACK)
        until(lambda: routed.table.production.name == "v1", 5)
        assert routed.table.urls == (first,)


def _project(made: Project) -> Project:
    """Two versions of a tiny model in the registry, served by our own server."""
    base, state = made.root / "base", made.state
    make_tiny_model(base)
    made.release["serve"] = {"local": {"threads": 1}}
    made.release["route"] = {"port": 0, "timeout": "30s"}
    made.write()
    digest = base_models.resolve("base", state.models, None, made.root).digest
    for number in (1, 2):
        folder = make_tiny_adapter(base, made.root / f"adapter-{number}", number)
        adapter = adapter_digest(folder, "release.yaml")
        keep(state, folder, adapter)
        add_version(state.versions, Version(number, "r", adapter, digest, "d" * 64, "now"))
    return made
