"""A version goes to the Hub or to MLflow: only one that passed its gate, and only by the bytes that passed."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.base_models.upload import upload
from harness.core.errors import ConfigError
from harness.core.ids import short
from harness.core.releases import Release
from harness.core.verdicts import Verdict
from harness.pipeline.card.write import write_card
from harness.pipeline.registry.artefacts import problems
from harness.pipeline.verifying.verify import verify
from harness.pipeline.workspace import Workspace
from harness.report.card.facts import CardFacts

WEIGHTS, SETTINGS = "adapter_model.safetensors", "adapter_config.json"
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_MLFLOW = re.compile(r"https?://[^@/]+(/[^@]*)?")


def push(release: Release, facts: CardFacts, to: str, private: bool = True) -> str:
    """Where the version is now. `to` is hub:org/name or mlflow:http://server.

    Raises ConfigError for a version that did not pass, was edited, or is to go nowhere; OutsideError where the other
    side refuses.
    """
    kind, _, where = to.partition(":")
    if not (_HUB.fullmatch(where) if kind == "hub" else kind == "mlflow" and _MLFLOW.fullmatch(where)):
        raise ConfigError(f"--to {to}: say hub:org/name or mlflow:http://server (keys stand in the environment).")
    check_pushable(release, facts)
    with _packed(release, facts) as folder:
        name = facts.version.name
        if kind == "hub":
            return upload(folder, where, private, f"{facts.name}: {facts.decision.verdict}")
        return f"{where} {release.name} version {_register(where, release, facts, folder)} ({name})"


def check_pushable(release: Release, facts: CardFacts) -> None:
    """Raises ConfigError that names all that speaks against it."""
    workspace, decision = Workspace(release.root), facts.decision
    if decision.verdict is not Verdict.PASS:
        raise ConfigError(
            f"{facts.version.name} rests on decision {short(decision.id)}, which is {decision.verdict}, not PASS: "
            "only what passed is pushed."
        )
    verify(workspace.decision(decision.id), release.root / release.file)
    judged = str(decision.candidate["adapter_digest"])
    if judged != facts.version.adapter_digest:
        raise ConfigError(f"decision {short(decision.id)} was given to the adapter {short(judged)}, not to this one.")
    found = problems(workspace.adapter(facts.version.adapter_digest), facts.version.adapter_digest)
    if found:
        raise ConfigError(found)


@contextmanager
def _packed(release: Release, facts: CardFacts) -> Iterator[Path]:
    """The registry's copy and its card, as others will load them: with the base model's name, without our manifest."""
    kept = Workspace(release.root).adapter(facts.version.adapter_digest)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copyfile(kept / WEIGHTS, folder / WEIGHTS)
        settings = json.loads((kept / SETTINGS).read_text(encoding="utf-8"))
        text = json.dumps({**settings, "base_model_name_or_path": facts.base}, indent=2, sort_keys=True)
        (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")
        write_card(facts, folder)
        yield folder


def _register(uri: str, release: Release, facts: CardFacts, folder: Path) -> str:
    from harness.trainers.tracking.register import register

    version = facts.version
    tags = {
        "harness.version": version.name,
        "harness.adapter": version.adapter_digest,
        "harness.base": version.base_digest,
        "harness.decision": version.decision,
        "harness.verdict": str(facts.decision.verdict),
    }
    text = f"{facts.name}: {facts.decision.verdict}. {facts.decision.reason}"
    return register(uri, release.name, facts.name, folder, tags, facts.stage, text)
