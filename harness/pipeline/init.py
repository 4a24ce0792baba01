"""A starter project: commented files that run as they stand."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from harness.core.errors import ConfigError, Problem
from harness.pipeline.chat import chat_rows

KINDS = ("classify", "extract", "generate")
IGNORED = ".venv/\n.harness/\nreports/*\n!reports/templates/\n"


def init(kind: str, folder: Path) -> list[str]:
    """Write the starter of a task kind. Gives the files written, relative to `folder`.

    Raises ConfigError where a file of it is there already: nothing is overwritten, nothing is written then.
    """
    with resources.as_file(resources.files("harness.starters")) as starters:
        files = [path for path in sorted((starters / kind).rglob("*")) if path.is_file()]
        sources = {path.relative_to(starters / kind): path for path in files}
        sources[Path("axolotl_configs/lora.yaml")] = starters / "lora.yaml"
        texts = {name: path.read_text(encoding="utf-8") for name, path in sources.items()}
    made = [Path("data/train.jsonl"), Path("data/validation.jsonl"), Path(".gitignore")]
    there = [str(name) for name in [*texts, *made] if (folder / name).exists()]
    if there:
        raise ConfigError([Problem("this file is here already; init overwrites nothing.", file=name) for name in there])
    try:
        _write(folder, {name: text.replace("@NAME@", _name(folder)) for name, text in texts.items()})
        suite = str(next(name for name in texts if name.parent.name == "suites"))
        for part in ("train", "validation"):
            lines = chat_rows(folder, suite, f"data/{part}_rows.jsonl", None)
            _write(folder, {Path(f"data/{part}.jsonl"): "\n".join(lines) + "\n"})
        _write(folder, {Path(".gitignore"): IGNORED})
    except OSError as error:
        raise ConfigError(f"cannot write in {folder}: {error.strerror}.") from None
    return sorted(str(name) for name in [*texts, *made])


def _name(folder: Path) -> str:
    """The folder's name as a release's name."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-")
    return (plain if re.match(r"[a-z]", plain) else f"release-{plain}")[:60].strip("-")


def _write(folder: Path, texts: dict[Path, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
