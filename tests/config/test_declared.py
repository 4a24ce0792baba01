"""A release.yaml that was kept with a decision is read without the files that it names."""

from __future__ import annotations

import pytest

from harness.config.declared import declared, policy_of
from harness.config.load import load_release
from harness.core.errors import ConfigError
from tests.projects import Project


def test_its_policy_is_that_of_the_release(desk: Project) -> None:
    desk.swap("release.yaml", "resamples: 1999", "resamples: 1999, looks: anytime, max_attempts: 3")
    release, _ = load_release(desk.root / "release.yaml")
    assert release is not None
    kept = declared(desk.root / "release.yaml")
    assert policy_of(kept, release.policy.gates) == release.policy
    assert (release.policy.looks, release.policy.max_attempts, release.policy.seed) == (0, 3, release.seed)


def test_files_that_are_gone_and_keys_of_other_harnesses_do_not_matter(desk: Project) -> None:
    desk.write("kept/release.yaml", desk.read("release.yaml") + "telescope: 7\n")
    assert declared(desk.root / "kept" / "release.yaml").name == "desk"


@pytest.mark.parametrize("text", ["version: 1\n", "name: [\n", ""])
def test_what_is_no_release_is_refused(desk: Project, text: str) -> None:
    desk.write("kept.yaml", text)
    with pytest.raises(ConfigError):
        declared(desk.root / "kept.yaml")


def test_a_file_that_is_gone_is_refused(desk: Project) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        declared(desk.root / "kept.yaml")
