"""Who is compared with whom: the models of a release, told by their bytes or by what stands in for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.errors import ConfigError
from harness.core.ids import digest_file, digest_json
from harness.core.releases import BaselineSpec, Release
from harness.core.runs import Model
from harness.core.samples import Json
from harness.core.suites import Suite, Task
from harness.core.versions import PRODUCTION, Version
from harness.pipeline.candidate import Candidate
from harness.pipeline.registry.artefacts import problems
from harness.pipeline.registry.read import registry
from harness.pipeline.workspace import Workspace
from harness.servers.interface import Adapter


@dataclass(frozen=True, slots=True)
class Contender:
    """A model of the release and where it answers.

    `place` is served (the release's own server), remote (a server of its own) or human (a file). `adapter` is the one
    to be loaded for it.
    """

    model: Model
    place: str = "served"
    adapter: Adapter | None = None
    spec: BaselineSpec | None = None

    def on(self, suite: Suite) -> Model:
        """The model as it answers one suite: what makes no difference there is not part of who it is."""
        model = self.model
        if not any(task.prompt for task in suite.tasks):  # lm-eval asks every model the same
            return Model(model.role, model.base_digest, model.adapter_digest)
        if self.spec and self.spec.kind == "prompt":
            own = {"prompt": choices} if (choices := _choices(suite)) else {}
            return Model(model.role, model.base_digest, None, model.few_shot, own)
        if self.spec and self.spec.kind == "human":
            given = {name: digest for name, digest in model.own.items() if name.split(".")[0] == suite.name}
            return Model(model.role, "", None, 0, given)
        return model

    def answers(self, suite: Suite) -> bool:
        """Whether this model is asked the suite: it can be, and the release does not leave it out."""
        listed = self.spec.arguments.get("suites") if self.spec else None
        if isinstance(listed, list) and suite.name not in listed:
            return False
        if self.place == "served":
            return True
        prompted = all(task.prompt for task in suite.tasks)
        return prompted and (self.place == "remote" or bool(self.on(suite).own))


def contenders(release: Release, candidate: Candidate) -> list[Contender]:
    """The candidate first, then the baselines that are run (an anchor was run before). Raises ConfigError."""
    ours = Model("candidate", candidate.base_digest, candidate.adapter_digest)
    loaded = Adapter("candidate", candidate.adapter_digest, candidate.adapter)
    found = [Contender(ours, adapter=loaded)]
    return found + [_baseline(release, candidate, spec) for spec in release.baselines if spec.kind != "anchor"]


def _baseline(release: Release, candidate: Candidate, spec: BaselineSpec) -> Contender:
    base = Model(spec.name, candidate.base_digest, None, spec.few_shot)
    if spec.kind == "remote":
        given: Mapping[str, Any] = spec.arguments["remote"]  # type: ignore[assignment]
        named: dict[str, Json] = {"url": str(given["url"]).rstrip("/"), "model": given["model"]}
        named |= {"omit": sorted(set(given["omit"]))} if given.get("omit") else {}
        return Contender(Model(spec.name, "", None, spec.few_shot, named), "remote", spec=spec)
    if spec.kind == "human":
        files: Mapping[str, str] = spec.arguments["human"]  # type: ignore[assignment]
        digests = {task: digest_file(release.root / path) for task, path in files.items()}
        return Contender(Model(spec.name, "", own=digests), "human", spec=spec)
    if spec.kind == "production":
        return _production(release, candidate, spec, base)
    return Contender(base, spec=spec)


def _production(release: Release, candidate: Candidate, spec: BaselineSpec, base: Model) -> Contender:
    version = _in_production(release)
    if version is None:
        if spec.arguments["production"] == "or_base":
            return Contender(base, spec=spec)
        raise ConfigError(
            f"the baseline '{spec.name}' is the version in production, and there is none yet. "
            "`harness promote --to production` makes one; `production: or_base` takes the base model until then."
        )
    if version.base_digest != candidate.base_digest:
        raise ConfigError(f"version {version.number}, which is in production, was made from another base model.")
    folder = _folder_of(release, candidate, version.adapter_digest)
    name = str(spec.arguments.get("adapter_id") or f"version-{version.number}")
    adapter = Adapter(name, version.adapter_digest, folder)
    model = Model(spec.name, base.base_digest, version.adapter_digest, spec.few_shot)
    return Contender(model, adapter=adapter, spec=spec)


def _in_production(release: Release) -> Version | None:
    return registry(Workspace(release.root), release.name).standing(PRODUCTION)


def _folder_of(release: Release, candidate: Candidate, digest: str) -> Path:
    """Where the adapter with these bytes lies. Raises ConfigError where it is gone."""
    workspace = Workspace(release.root)
    trained = workspace.state / "training"
    found = sorted([*trained.glob("*/adapter"), *trained.glob("*/adapters/*/adapter")])
    for folder in (workspace.adapter(digest), candidate.adapter, *found):
        if not problems(folder, digest):
            return folder
    raise ConfigError(
        f"the adapter in production ({digest[:12]}) is no more on this disk, so nothing compares with it."
    )


def _choices(suite: Suite) -> dict[str, Json]:
    """What a choice of prompts depends on, by task: the prompts and the rows that decide."""
    return {task.name: choice_digest(task) for task in suite.tasks if task.alternatives}


def choice_digest(task: Task) -> str:
    """Digest of a task's prompts to choose among, and of its validation rows."""
    prompts = [[prompt.system, prompt.user] for prompt in task.alternatives]
    return digest_json([prompts, [[row.id, row.row, row.target] for row in task.validation]])
