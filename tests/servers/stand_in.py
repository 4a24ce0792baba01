"""What stands in for text-generation-launcher, docker and vllm: keeps how it was called, then really serves.

Called as `stand_in.py NAME ARGUMENTS…`. STAND_IN is a folder: `NAME.json` is the last call that serves, `image`, `down`
and `broken` there change what happens, `containers/` is what docker knows. STAND_IN_SERVES is "embedded" (the real
local server), else the stub that speaks the API.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(os.environ.get("STAND_IN", "."))


def main(name: str, words: list[str]) -> int:
    if words == ["--version"]:
        say({"vllm": "0.32.0"}.get(name, f"{name} 3.3.5"))
        return 0
    if name == "docker":
        return docker(words)
    keep(name, words, dict(os.environ))
    if name == "vllm":
        return serve("vllm", words[1], modules(words), after(words, "--port"))
    pairs = [pair.split("=") for pair in os.environ.get("LORA_ADAPTERS", "").split(",") if pair]
    return serve("tgi", after(words, "--model-id"), dict(pairs), after(words, "--port"))


def docker(words: list[str]) -> int:
    if (HERE / "down").exists():
        sys.stderr.write("Cannot connect to the Docker daemon.\n")
        return 1
    if words[0] == "run":
        return run(words)
    if words[:2] == ["image", "inspect"]:
        image = HERE / "image"
        say(image.read_text() if image.exists() else "")
        return 0 if image.exists() else 1
    if words[0] == "ps":
        wanted = after(words, "--filter").removeprefix("label=")
        for file in (HERE / "containers").glob("*"):
            labels = json.loads(file.read_text())["labels"]
            if wanted in labels:
                say(f"{file.name} {labels[-1].split('=')[1]}")
    if words[:2] == ["rm", "--force"]:
        (HERE / "containers" / words[2]).unlink(missing_ok=True)
    return 0


def run(words: list[str]) -> int:
    keep("docker", words, dict(os.environ))
    file = HERE / "containers" / after(words, "--name")
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"labels": every(words, "--label")}))
    mounts = {target: source for source, target, _ in (mount.split(":") for mount in every(words, "--volume"))}
    variables = dict(one.split("=", 1) for one in every(words, "--env"))
    pairs = [pair.split("=") for pair in variables.get("LORA_ADAPTERS", "").split(",") if pair]
    adapters = {name: mounts[folder] for name, folder in pairs}
    try:
        return serve("tgi", mounts[after(words, "--model-id")], adapters, after(words, "--publish").split(":")[1])
    finally:
        file.unlink(missing_ok=True)


def serve(api: str, base: str, adapters: dict[str, str], port: str) -> int:
    """As TGI's launcher does: the server is in a process group of its own."""
    if (HERE / "broken").exists():
        sys.stderr.write("loading\nRuntimeError: CUDA out of memory\n")
        return 1
    command = [sys.executable, str(Path(__file__).with_name("stub_server.py")), api, port, *adapters]
    if os.environ.get("STAND_IN_SERVES") == "embedded":
        command = [sys.executable, "-m", "harness.embedded", "--base", base, "--port", port, "--threads", "1"]
        command += [word for name, folder in adapters.items() for word in ("--adapter", f"{name}={folder}")]
    server = subprocess.Popen(command, process_group=0)
    (HERE / "server.pid").write_text(str(server.pid))
    if not (HERE / "deaf").exists():
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    else:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    code = server.wait()
    return 128 - code if code < 0 else code


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def keep(name: str, words: list[str], env: dict[str, str]) -> None:
    (HERE / f"{name}.json").write_text(json.dumps({"words": words, "env": env}))


def after(words: list[str], flag: str) -> str:
    return words[words.index(flag) + 1]


def every(words: list[str], flag: str) -> list[str]:
    return [words[place + 1] for place, word in enumerate(words) if word == flag]


def modules(words: list[str]) -> dict[str, str]:
    if "--lora-modules" not in words:
        return {}
    return dict(word.split("=") for word in words[words.index("--lora-modules") + 1 :] if "=" in word)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
