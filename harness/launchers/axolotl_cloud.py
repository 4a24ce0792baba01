"""Through Axolotl's own cloud launcher."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from harness.core.errors import ConfigError, OutsideError, Problem
from harness.core.ids import digest_json
from harness.launchers import _transfer
from harness.launchers._children import follow
from harness.launchers._environment import PACKAGE, environment
from harness.launchers.interface import Job, Look, Place

# Axolotl sends the folder in which it is started, and runs the config in it.
MOUNT = PurePosixPath("/workspace/mounts")
STAGE = "cloud"


@dataclass(frozen=True, slots=True)
class AxolotlCloud:
    """`axolotl train CONFIG --cloud FILE` on Modal. Nothing comes back by itself: a person fetches the run's folder.

    Baseten gets a config and nothing else, so rows, base model and our plugins would be missing: it is refused.
    """

    config: str

    def place(self) -> Place:
        """A GPU of the cloud. Raises ConfigError for a cloud config that can't work."""
        problems = self._problems(self._cloud())
        if problems:
            raise ConfigError(problems)
        return Place("cuda")

    def check(self) -> list[Problem]:
        """Axolotl's command is here."""
        if shutil.which("axolotl"):
            return []
        return [Problem("'axolotl' is not on PATH.", hint="Run: pip install 'harness[train]' modal")]

    def run(self, job: Job, look: Look) -> int:
        """Send it and wait for its end. Raises OutsideError always: what it left must be fetched by hand."""
        if job.config is None:
            raise OutsideError("A cloud trains only; the adapter's fingerprint needs another launcher.")
        volume = self._cloud()["volumes"][0]
        name = f"harness-{digest_json([str(job.folder), job.key])[:16]}"
        stage = self._staged(job, PurePosixPath(volume["mount"]) / name)
        config = stage / job.config.name
        try:
            code = follow(self.command(config), environment(os.environ, job.online), job.log, look, cwd=stage)
        finally:
            shutil.rmtree(stage)
        if code != 0:
            return code
        raise OutsideError(
            f"The training ended in the cloud, and Axolotl brings nothing back. Run: "
            f"modal volume get {volume['name']} {name}/checkpoints {job.folder}. Then name that folder's best "
            f"checkpoint in candidate.adapter."
        )

    def command(self, config: Path) -> list[str]:
        """Axolotl's command line."""
        return ["axolotl", "train", str(config), "--cloud", self.config, "--launcher", "python"]

    def _cloud(self) -> dict[str, Any]:
        try:
            found = yaml.safe_load(Path(self.config).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(Problem(f"cannot be read: {error}", file=self.config)) from None
        return found if isinstance(found, dict) else {}

    def _problems(self, cloud: dict[str, Any]) -> list[Problem]:
        found = []
        if cloud.get("provider", "modal") != "modal":
            said = f"provider '{cloud['provider']}' gets a config only, neither rows nor base model."
            return [Problem(said, file=self.config, hint="Use modal, or launcher: ssh.")]
        volumes = cloud.get("volumes")
        first = volumes[0] if isinstance(volumes, list) and volumes else {}
        if not (isinstance(first, dict) and first.get("name") and str(first.get("mount", "")).startswith("/")):
            said = "'volumes' names no volume, so the adapter would be lost."
            found.append(Problem(said, file=self.config, hint="Write 'volumes: [{name: training, mount: /data}]'."))
        variables = cloud.get("env")
        if {"PYTHONPATH": str(MOUNT)} not in (variables if isinstance(variables, list) else []):
            said = "'env' lacks PYTHONPATH, so harness's plugins would not be found."
            found.append(Problem(said, file=self.config, hint=f"Write 'env: [{{PYTHONPATH: {MOUNT}}}]'."))
        return found

    def _staged(self, job: Job, output: PurePosixPath) -> Path:
        """The folder that is sent: config, rows, base model and this package. It is made anew each time."""
        assert job.config is not None
        stage = job.folder / STAGE
        shutil.rmtree(stage, ignore_errors=True)
        places = {str(job.folder): str(output)}
        for number, path in enumerate(job.reads):
            target = stage / "inputs" / str(number) / path.name
            target.parent.mkdir(parents=True)
            (shutil.copytree if path.is_dir() else shutil.copyfile)(path, target)
            places[str(path)] = str(MOUNT / target.relative_to(stage).as_posix())
        shutil.copytree(PACKAGE, stage / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
        (stage / job.config.name).write_text(_transfer.translated(job.config, places), encoding="utf-8")
        return stage
