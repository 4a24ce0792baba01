"""The example reports are what the report looks like today, and can be shown to anybody."""

from __future__ import annotations

import lzma
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from harness.pipeline.workspace import Workspace
from tests import examples

pytestmark = pytest.mark.timeout(300)

# Folders of a machine as they stand in paths.
MACHINE = re.compile(rb"(?<![\w./>])/(?:home|root|tmp|work|usr|mnt|var|opt|srv|data)/[\w.-]+|/Users/|[A-Z]:\\\\\w")
RENDER = """
import sys, pathlib
from tests import examples
folder = pathlib.Path(sys.argv[1])
(folder / "project").mkdir()
for name, page in examples.render(folder / "project").items():
    (folder / name).write_bytes(page)
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered as on another machine: another place, time zone, language and order of sets."""
    folder = tmp_path_factory.mktemp("elsewhere")
    env = {**os.environ, "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", RENDER, str(folder)], cwd=examples.ROOT, env=env, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return folder


def test_they_are_what_the_evidence_gives_today(elsewhere: Path) -> None:
    rendered = {path.name: path.read_bytes() for path in elsewhere.glob("*.html")}
    stored = {path.name: path.read_bytes() for path in examples.FOLDER.glob("*.html")}
    assert sorted(rendered) == sorted(stored)
    other = [name for name in stored if stored[name] != rendered[name]]
    assert not other, f"{', '.join(other)} of reports/examples: the report looks otherwise now. `{examples.RENEW}`"


def test_they_name_no_machine() -> None:
    with tarfile.open(examples.EVIDENCE, "r:xz") as packed:
        members = packed.getmembers()
        texts = {one.name: held.read() for one in members if (held := packed.extractfile(one)) is not None}
    texts |= {path.name: path.read_bytes() for path in examples.FOLDER.glob("*.html")}
    assert {name: found[0] for name, text in texts.items() if (found := MACHINE.search(text))} == {}
    assert [one.name for one in members] == sorted(one.name for one in members)
    assert {(one.mtime, one.uid, one.gid, one.uname, one.mode) for one in members} == {(0, 0, 0, "", 0o644)}
    assert not [name for name in texts if name.endswith((".safetensors", ".bin", ".duckdb"))]


def test_links_lead_to_what_is_there() -> None:
    for page in examples.FOLDER.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        ids = set(re.findall(r'id="([^"]+)"', text))
        for link in re.findall(r'href="([^"]+)"', text):
            assert link[1:] in ids if link.startswith("#") else (examples.FOLDER / link).is_file(), (page.name, link)


def test_the_evidence_is_packed_the_same_every_time(elsewhere: Path) -> None:
    workspace = Workspace(elsewhere / "project")
    again = examples.pack(workspace, (workspace.state / "training.json").read_bytes())
    assert again == lzma.decompress(examples.EVIDENCE.read_bytes())
