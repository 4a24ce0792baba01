"""Files to another machine and back: tar through a command such as ssh."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import yaml

from harness.core.errors import OutsideError
from harness.core.ids import digest_files

# Pickles and the rows in Axolotl's own form; the resolved config here names the paths of this machine.
STAYS = ("*.pt", "*.pth", "*.bin", "prepared", "resolved.yaml", "train.log", ".lock")
# What can come back: no pickle can, whatever the other machine sends.
COMES = (".safetensors", ".json", ".jsonl", ".jinja", ".txt", ".model", ".yaml", ".log", ".md")


def ask(command: Sequence[str], host: str, given: bytes = b"") -> str:
    """What a short remote command prints. Raises OutsideError where it fails."""
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    if done.returncode != 0:
        raise OutsideError(_failed(host, done.stderr))
    return done.stdout.decode(errors="replace")


def send(folder: Path, names: Sequence[str], command: Sequence[str], host: str) -> None:
    """Files and folders of `folder`, links as what they point to, to the standard input of `command`."""
    pack = ["tar", "-chf", "-", "--exclude=__pycache__", "-C", str(folder), "--", *names]
    with subprocess.Popen(pack, stdout=subprocess.PIPE) as tar:
        done = subprocess.run(command, stdin=tar.stdout, capture_output=True, check=False)
    if tar.returncode != 0:
        raise OutsideError(f"tar could not read {', '.join(names)} in {folder} (exit code {tar.returncode}).")
    if done.returncode != 0:
        raise OutsideError(_failed(host, done.stderr))


def receive(command: Sequence[str], folder: Path, names: Sequence[str]) -> None:
    """Unpack what `command` writes. Only plain files of known kinds, and only at or below `names` in `folder`."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as source:
        try:
            with tarfile.open(fileobj=source.stdout, mode="r|") as archive:
                for member in archive:
                    ours = PurePosixPath(member.name).parts[:1] and PurePosixPath(member.name).parts[0] in names
                    if ours and member.isfile() and member.name.endswith(COMES):
                        archive.extract(member, folder, filter="data")
        except (tarfile.TarError, OSError) as error:
            source.kill()
            raise OutsideError(f"What the training left did not come back whole: {error}.") from None
    if source.returncode != 0:
        raise OutsideError(f"What the training left did not come back whole (exit code {source.returncode}).")


def moved(text: str, places: Mapping[str, str]) -> str:
    """A path at its new place where it lies at or below one of `places`; else the text as it is."""
    for old, new in places.items():
        if text == old or text.startswith(f"{old}/"):
            return new + text[len(old) :]
    return text


def translated(config: Path, places: Mapping[str, str]) -> str:
    """A YAML file with all paths at their new places."""

    def walk(value: object) -> object:
        if isinstance(value, dict):
            return {key: walk(item) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item) for item in value]
        return moved(value, places) if isinstance(value, str) else value

    loaded = yaml.safe_load(config.read_text(encoding="utf-8"))
    return yaml.safe_dump(walk(loaded), sort_keys=False, allow_unicode=True)


def digest_tree(folder: Path) -> str:
    """The digest of a package: all its files, less what Python compiled of them."""
    found = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return digest_files(folder, [str(path.relative_to(folder)) for path in found])


def _failed(host: str, said: bytes) -> str:
    words = " | ".join(said.decode(errors="replace").strip().splitlines()[-3:])
    return f"The command on {host} failed: {words or 'it said nothing'}."
