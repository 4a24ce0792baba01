"""The example reports: two editions and the index, rendered out of the demo's stored evidence.

`python -m tests.examples` renders them again, where the report looks otherwise than before. With `--pack` it first
packs the evidence of the project's `.harness` anew, after `make demo`.
"""

from __future__ import annotations

import argparse
import io
import json
import lzma
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.core.decisions import Decision
from harness.pipeline.candidate import Candidate, adapter_digest
from harness.pipeline.decisions import find_decision
from harness.pipeline.report import EDITIONS, file_name, write_reports
from harness.pipeline.store import rebuild
from harness.pipeline.validate import validate
from harness.pipeline.workspace import Workspace

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "reports" / "examples"
EVIDENCE = FOLDER / "evidence.tar.xz"
PROJECT = ("release.yaml", "suites", "data", "axolotl_configs")
RENEW = "python -m tests.examples"
_TRAINING = "training.json"


def render(root: Path) -> dict[str, bytes]:
    """The examples by file name, made in `root`, a new folder, as `harness store rebuild` and `harness report` do."""
    for name in PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, root / name)
    workspace = Workspace(root)
    with tarfile.open(EVIDENCE, "r:xz") as packed:
        packed.extractall(workspace.state, filter="data")
    rebuild(workspace)
    release = validate(root / "release.yaml")
    decision = find_decision(release, workspace, None)
    reports = write_reports(release, decision, _trained(workspace, decision))
    pages = {f"{edition}.html": path.read_bytes() for edition, path in reports.editions.items()}
    index = reports.index.read_bytes()
    for edition in EDITIONS:
        index = index.replace(file_name(decision.id, edition).encode(), f"{edition}.html".encode())
    return {**pages, "index.html": index}


def _trained(workspace: Workspace, decision: Decision) -> Candidate:
    """The candidate as it was at hand: its weights are not packed, what its training told is."""
    digests = decision.candidate
    return Candidate(
        workspace.models,
        str(digests["base_digest"]),
        workspace.state,
        str(digests["adapter_digest"]),
        workspace.state / _TRAINING,
    )


def pack(workspace: Workspace, training: bytes) -> bytes:
    """Bundles, decisions, registers, and what a training told, as a tar; always the same bytes for the same files."""
    members, held = [*_members(workspace), (_TRAINING, training)], io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in sorted(members):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return held.getvalue()


def _members(workspace: Workspace) -> Iterator[tuple[str, bytes]]:
    records = [json.loads(path.read_bytes()) for path in workspace.state.glob("decisions/*.json")]
    runs = {run for one in records for suites in one["runs"].values() for run in suites.values()}
    files = [path for run in runs for path in workspace.run(run).iterdir()]
    files += [*workspace.state.glob("decisions/*"), workspace.attempts, workspace.versions, workspace.moves]
    for path in files:
        if path.is_file():
            yield path.relative_to(workspace.state).as_posix(), path.read_bytes()


def _training(workspace: Workspace) -> bytes:
    """What the training of the newest decision's adapter told."""
    decision = find_decision(validate(workspace.root / "release.yaml"), workspace, None)
    for path in workspace.state.glob("training/*/manifest.json"):
        if adapter_digest(path.parent / "adapter", "release.yaml") == decision.candidate["adapter_digest"]:
            return path.read_bytes()
    raise FileNotFoundError("the training of the newest decision's adapter is not here")


def main() -> None:
    """Write the examples."""
    parser = argparse.ArgumentParser(prog=RENEW, description=__doc__)
    parser.add_argument("--pack", action="store_true", help="pack the evidence of this project's .harness first")
    if parser.parse_args().pack:
        workspace = Workspace(ROOT)
        packed = pack(workspace, _training(workspace))
        EVIDENCE.write_bytes(lzma.compress(packed, preset=9 | lzma.PRESET_EXTREME))
    with tempfile.TemporaryDirectory() as folder:
        for name, page in render(Path(folder)).items():
            (FOLDER / name).write_bytes(page)


if __name__ == "__main__":
    main()
