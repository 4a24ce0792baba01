from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from harness.client.interface import Limits, RequestFailed
from harness.core.errors import OutsideError
from harness.core.fingerprints import Fingerprint, ScoredPrompt
from harness.pipeline.baselines import Contender
from harness.pipeline.candidate import Candidate
from harness.pipeline.running.session import Session
from harness.pipeline.running.vouch import record_of
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    quick = partial(Limits, attempts=3, first_pause=0.01, longest_pause=0.02, patience=0.5, health=30.0)
    monkeypatch.setattr("harness.pipeline.running.session.Limits", quick)
    with running(Stub()) as stub:
        yield stub


@dataclass(frozen=True, slots=True)
class Gated:
    """The project of most tests with a PASS, and the server that answered. Nobody changes either."""

    project: Project
    stub: Stub


@pytest.fixture(scope="session")
def gated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    """Made once for all folders of tests; it is copied where it is to be changed."""
    with running(Stub()) as stub:
        project = make_project(tmp_path_factory.mktemp("gated"), stub.url)
        assert project.gate() == 0
        yield Gated(project, stub)


@pytest.fixture
def passed(gated_once: Gated, tmp_path: Path) -> Project:
    """A copy of it to change."""
    return gated_once.project.copied(tmp_path)


async def _said(session: Session, adapter: str | None) -> Fingerprint | str:
    prompts = []
    async with session.connect() as client:
        for text in ("What base and adapter say here.", "It is what the server says now."):
            base, ours = await client.prefill(text, None), await client.prefill(text, adapter)
            values = [tuple(one.logprob for one in tokens[1:] if one.logprob is not None) for tokens in (base, ours)]
            if not values[0] or len(values[0]) != len(values[1]):
                return "the server that stands in for it tells no numbers"
            prompts.append(ScoredPrompt(text, tuple(token.id for token in base), *values))
    return Fingerprint("bfloat16", tuple(prompts), None)


@pytest.fixture(scope="session", autouse=True)
def what_is_computed_here() -> Iterator[None]:
    """What base and adapter say, computed here: the weights of these tests are none, so it is what their server says
    at that moment. test_vouch.py has the real one."""

    def record(session: Session, contender: Contender, candidate: Candidate) -> Fingerprint | str | None:
        found = record_of(session, contender, candidate)
        if not isinstance(found, str):
            return found
        try:
            return asyncio.run(_said(session.at(contender.model), session.adapter(contender.model)))
        except (OutsideError, RequestFailed):
            return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("harness.pipeline.running.vouch.record_of", record)
        yield


@pytest.fixture
def project(tmp_path: Path, stub: Stub) -> Project:
    return make_project(tmp_path, stub.url)
