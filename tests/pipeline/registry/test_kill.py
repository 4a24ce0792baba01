"""Killed by `kill -9` at any step, a promotion or a rollback was not begun or is done; the same command ends it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.release_project import Project

ROOT = Path(__file__).parents[3]


@pytest.mark.e2e
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("words", "at_random", "least"),
    [
        pytest.param(["promote", "--to", "production"], 12, 20, marks=pytest.mark.slow, id="promote"),
        pytest.param(["rollback"], 30, 8, id="rollback"),
    ],
)
def test_no_kill_leaves_the_registry_half_moved(
    project: Project, tmp_path_factory: pytest.TempPathFactory, words: list[str], at_random: int, least: int
) -> None:
    scratch = tmp_path_factory.mktemp("scratch") / "project"
    done = subprocess.run(
        [sys.executable, "-m", "tests.pipeline.registry.killer", str(project.root), str(scratch), str(at_random),
         *words],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split()[-1]) >= least
