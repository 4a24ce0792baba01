"""As much of release.yaml as a rollback needs: it must work where a suite is broken, and cannot wait for its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import base_models
from harness.config.home import declared_home
from harness.config.source import load_yaml
from harness.core.errors import ConfigError, Problem
from harness.core.versions import Version
from harness.pipeline.candidate import Candidate, only_hash
from harness.pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Project:
    """A release's file, name and base model, the kind of its server, and its files of training rows by name.

    `home` is the folder that projects of this machine share, where the file names one.
    """

    file: Path
    name: str
    base_model: str
    kind: str
    taught_by: Mapping[str, Path] = field(default_factory=dict)
    home: Path | None = None

    @property
    def workspace(self) -> Workspace:
        """The folders beside release.yaml."""
        return Workspace(self.file.parent)


def project(file: Path) -> Project:
    """The project of a release.yaml, of which nothing else is checked. Raises ConfigError."""
    value = load_yaml(file, file.name).value
    name = value.get("name") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(name, str):
        raise ConfigError(Problem("names no release.", file=file.name, hint="Write `name: …`."))
    serve, candidate = _mapping(value.get("serve")), _mapping(value.get("candidate"))
    kind = "kubernetes" if "kubernetes" in serve else next(iter(serve), "")
    train = _mapping(candidate.get("train"))
    rows = {key: file.resolve().parent / str(train[key]) for key in ("data", "validation") if train.get(key)}
    declared = value.get("home")
    home = declared_home(file.parent, declared) if isinstance(declared, str) else None
    return Project(file.resolve(), name, str(candidate.get("base_model", "")), str(kind), rows, home)


def as_it_lies(given: Workspace, version: Version, base_model: str, home: Path | None) -> Candidate:
    """A version's base model and the registry's copy of its adapter. Nothing is fetched.

    `base_model` is where to look where the version does not tell it, `home` the folder that release.yaml names for what
    projects share. The base is told by its recorded digest, for as
    long as sizes and times of its files stay the same; else it is hashed. Raises ConfigError, OutsideError.
    """
    spec = str(version.provenance.get("base") or base_model)
    base = base_models.resolve(spec, given.models, only_hash, given.root, home)
    folder = given.adapter(version.adapter_digest)
    manifest = folder / "manifest.json"
    return Candidate(base.folder, base.digest, folder, version.adapter_digest, manifest if manifest.is_file() else None)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
