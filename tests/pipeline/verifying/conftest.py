from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.release_project import Project, make_project
from tests.pipeline.verifying.records import Said, record_file
from tests.store.keys import PRIVATE, write_pair
from tests.tgi_stub import Stub, running


@pytest.fixture(scope="package")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with a signed PASS."""
    with running(Stub()) as stub:
        project = make_project(tmp_path_factory.mktemp("signed"), stub.url)
        write_pair(project.root)
        assert project.call("gate", "-q", "--no-report", "--sign", str(project.root / PRIVATE)) == 0
        yield project


@pytest.fixture
def own(signed: Project, tmp_path: Path) -> Project:
    """A copy of it to change."""
    return signed.copied(tmp_path)


@pytest.fixture
def said(own: Project, capfd: pytest.CaptureFixture[str]) -> Said:
    """`harness verify` on the newest record: exit code and everything printed."""

    def call(*words: str) -> tuple[int, str]:
        capfd.readouterr()
        code = own.call("verify", str(record_file(own)), *words)
        return code, "".join(capfd.readouterr())

    return call
