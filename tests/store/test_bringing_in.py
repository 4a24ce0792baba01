"""A finished bundle comes in beside other processes, and is whole where the database cannot take it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.store import database, reader, writer
from harness.store.database import opened
from tests.projects import ENVIRONMENT
from tests.store.made import RUN, finished, other, results
from tests.store.test_database import holder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.duckdb"


LOAD = """
import sys
from pathlib import Path
from harness.store.writer import bring_in
print("ready", flush=True)
sys.stdin.readline()
bring_in(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def loader(store: Path, folder: Path) -> subprocess.Popen[str]:
    """A process that waits for a line and then brings a bundle in."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOAD, str(store), str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_processes_that_finish_at_once_all_get_in(tmp_path: Path, store: Path) -> None:
    names = [f"{letter}" * 64 for letter in "abcd"]
    folders = [finished(tmp_path / name[0], other(id=name)) for name in names]
    processes = [loader(store, folder) for folder in folders]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0
    with opened(store, read_only=True) as connection:
        assert [run.id for run in reader.runs(connection)] == names
        assert all(reader.results(connection, name) == results() for name in names)


def test_a_locked_store_leaves_the_bundle_whole_and_says_how_it_comes_in(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished(tmp_path / "run")
    with opened(store):
        pass
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.2)
    process = holder(store)
    with pytest.raises(OutsideError, match=f"run is whole in .*process {process.pid} .*`harness store load` brings"):
        writer.bring_in(store, folder)
    process.communicate("")
    writer.bring_in(store, folder)
    with opened(store, read_only=True) as connection:
        assert reader.results(connection, RUN.id) == results()


FULL = """
import resource, sys
import duckdb  # before another user, who may not read the interpreter, takes over
from pathlib import Path
from harness.core.errors import OutsideError
from harness.store.writer import bring_in
limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), limit))
try:
    bring_in(Path(sys.argv[1]), Path(sys.argv[2]))
except OutsideError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize("limit", [0, 4096, 300_000])
def test_a_full_disk_leaves_the_bundle_whole_and_the_store_usable(tmp_path: Path, store: Path, limit: int) -> None:
    texts = [f"{i} {hash(str(i))} " * 20 for i in range(3_000)]
    folder = finished(tmp_path / "run", given=results(texts))
    command = [sys.executable, "-c", FULL, str(store), str(folder), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 1, done.stderr
    assert "the run is whole in" in done.stderr
    assert "`harness store load` brings it in later" in done.stderr
    assert "Traceback" not in done.stderr
    writer.bring_in(store, folder)
    with opened(store, read_only=True) as connection:
        assert reader.results(connection, RUN.id) == results(texts)


READ_ONLY = FULL.replace("try:", "import os\nif os.getuid() == 0: os.setuid(65534)\ntry:")


def test_a_read_only_store_is_told() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        folder, store = finished(root / "run"), root / "state" / "store.duckdb"
        with opened(store):
            pass
        for path, mode in ((root, 0o755), (store.parent, 0o555), (store, 0o444)):
            path.chmod(mode)
        command = [sys.executable, "-c", READ_ONLY, str(store), str(folder), str(-1)]
        done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
        store.parent.chmod(0o755)
    assert "Permission denied" in done.stderr
    assert "`harness store load` brings it in later" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match="cannot be opened: File exists"), opened(tmp_path / "file" / "s.duckdb"):
        pass
