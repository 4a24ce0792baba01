"""Stand-ins for `docker` and `ssh` on PATH: they record how they were called, and then really run the command."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

HEAD = f"""#!{sys.executable} -S
import json, os, subprocess, sys
with open(os.environ["RECORDED"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""
# Runs what follows the image with the variables that are given, and with nothing else of ours but PATH.
DOCKER = (
    HEAD
    + """
if sys.argv[1] != "run":
    sys.exit()
values = ("--name", "--network", "--user", "--shm-size", "--gpus", "--mount", "--env", "--workdir", "--entrypoint")
given, rest = {}, sys.argv[2:]
while rest[0].startswith("-"):
    option = rest.pop(0)
    given.setdefault(option, []).append(rest.pop(0) if option in values else "")
env = {"PATH": os.environ["PATH"]} | dict(one.split("=", 1) for one in given["--env"] if "=" in one)
for mount in given["--mount"]:
    parts = dict(one.partition("=")[::2] for one in mount.split(","))
    assert parts["source"] == parts["target"] and os.path.exists(parts["source"]), mount
os.chdir(given["--workdir"][0])
os.execvpe(given["--entrypoint"][0], given["--entrypoint"] + rest[1:], env)
"""
)
# A login shell in a home folder of its own; a session of its own, as sshd makes it.
SSH = (
    HEAD
    + """
env = {"PATH": os.environ["PATH"], "HOME": os.environ["REMOTE_HOME"]}
os.chdir(env["HOME"])
os.execvpe("/bin/sh", ["sh", "-c", " ".join(sys.argv[sys.argv.index("--") + 2:])], env)
"""
)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> Path:
    """Put the scripts onto PATH, with this Python as `python`; returns the file in which their calls are recorded."""
    (folder / "bin").mkdir(parents=True)
    (folder / "home").mkdir()
    for name, text in scripts.items():
        path = folder / "bin" / name
        path.write_text(text)
        path.chmod(0o755)
    for name in ("python", "python3"):
        python = folder / "bin" / name
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RECORDED", str(folder / "calls"))
    monkeypatch.setenv("REMOTE_HOME", str(folder / "home"))
    return folder / "calls"


def calls(recorded: Path) -> list[list[str]]:
    """The arguments of every call, in their order."""
    return [json.loads(line) for line in recorded.read_text().splitlines()] if recorded.is_file() else []
