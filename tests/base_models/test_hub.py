"""What the Hub refuses is told in one sentence, and what it takes has every byte: over real sockets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.base_models.hub import published
from tests.hub_stub import Hub, hub

REVISION = "12fd25f77366fa6b3b4b768ec3050bf629380bac"
FETCH = """
import sys
from pathlib import Path
from harness.base_models import resolve
from harness.core.errors import HarnessError
try:
    resolve(sys.argv[1], Path(sys.argv[2]), root=Path(sys.argv[2]))
except HarnessError as error:
    print(error)
"""
UPLOAD = """
import sys
from pathlib import Path
from harness.base_models.upload import upload
from harness.core.errors import HarnessError
try:
    print(upload(Path(sys.argv[1]), "org/name", True, "v3"))
except HarnessError as error:
    print(error)
"""


def said(hub: Hub, program: str, *words: str, token: str | None = None) -> str:
    """The Hub's address is read when huggingface_hub is imported, so it takes a process of its own."""
    kept = {key: value for key, value in os.environ.items() if key not in ("HF_TOKEN", "HF_HUB_OFFLINE")}
    env = {**kept, "HF_ENDPOINT": hub.url, "HF_HOME": words[-1], "HF_HUB_DISABLE_TELEMETRY": "1"}
    env |= {"HF_TOKEN": token} if token else {}
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("refuses", "token", "words"),
    [
        (
            (401, "GatedRepo"),
            None,
            "it is gated: accept its terms on the page of org/base at the Hub, and set HF_TOKEN",
        ),
        ((403, "GatedRepo"), "hf_x", "make sure that HF_TOKEN is of that account"),
        ((401, "RepoNotFound"), None, "check the name, or set HF_TOKEN"),
        ((404, "RepoNotFound"), "hf_x", "check the name, and that HF_TOKEN may see it"),
    ],
)
def test_a_base_model_that_is_not_shown(
    tmp_path: Path, refuses: tuple[int, str], token: str | None, words: str
) -> None:
    with hub() as server:
        server.refuses = refuses
        text = said(server, FETCH, f"org/base@{REVISION}", str(tmp_path), token=token)
    assert text.startswith(f"The base model 'org/base@{REVISION}' could not be fetched from the hub: ")
    assert words in text
    assert len(text.splitlines()) == 1


def test_every_file_arrives_in_a_private_repository(tmp_path: Path) -> None:
    (tmp_path / "up").mkdir()
    files = {"README.md": b"---\nlibrary_name: peft\n---\n", "adapter_model.safetensors": os.urandom(5_000)}
    for name, data in files.items():
        (tmp_path / "up" / name).write_bytes(data)
    with hub() as server:
        assert said(server, UPLOAD, str(tmp_path / "up"), token="hf_x") == f"{server.url}/org/name"
    assert server.files == files
    assert server.made[0]["visibility"] == "private"
    assert server.tokens == {"Bearer hf_x"}


@pytest.mark.parametrize(
    ("refuses", "words"),
    [((401, ""), "check the name, and that HF_TOKEN may see it"), ((403, ""), "HF_TOKEN needs the right to do this")],
)
def test_an_upload_that_is_refused(tmp_path: Path, refuses: tuple[int, str], words: str) -> None:
    (tmp_path / "README.md").write_text("x")
    with hub() as server:
        server.refuses = refuses
        text = said(server, UPLOAD, str(tmp_path), token="hf_x")
    assert text.startswith("org/name could not be pushed to the Hub: ")
    assert words in text
    assert len(text.splitlines()) == 1


def test_without_a_key_nothing_is_asked(tmp_path: Path) -> None:
    with hub() as server:
        assert said(server, UPLOAD, str(tmp_path)).startswith("HF_TOKEN is not set")
    assert server.asked == []


def test_only_a_pinned_name_is_on_the_hub() -> None:
    assert published(f"org/base@{REVISION}") == "org/base"
    for spec in ("models/llama", "demo:smollm2-135m-instruct", "org/base@main", "/srv/models/x"):
        assert published(spec) is None
