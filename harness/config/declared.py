"""release.yaml as it was kept with a decision: what it says, without the files that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.config._pydantic import parse_meant
from harness.config.policy_file import load_declaration
from harness.config.schema import ReleaseFile
from harness.core.errors import ConfigError
from harness.core.policies import Gate, Policy


def declared(path: Path, policy: Path | None = None) -> ReleaseFile:
    """What a release.yaml says; keys that only other harnesses know are passed over. Raises ConfigError.

    `policy` is read in the place of the policy file that it names.
    """
    source, _ = load_declaration(path, str(path), path.parent, policy)
    parsed, _, problems = parse_meant(ReleaseFile, source)
    if parsed is None:
        raise ConfigError(problems)
    return parsed


def policy_of(parsed: ReleaseFile, gates: tuple[Gate, ...]) -> Policy:
    """The policy of a release.yaml, with its rules."""
    given = parsed.policy
    shared: dict[str, Any] = {
        **given.model_dump(),
        "looks": 0 if given.looks == "anytime" else given.looks,
        "max_age": None if given.max_age == "never" else given.max_age,
    }
    return Policy(gates=gates, seed=parsed.seed, **shared)
