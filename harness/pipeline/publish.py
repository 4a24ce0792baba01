"""What CI gets to see of a decision, or of why there is none: files, the step's summary, and annotations."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.core.decisions import Decision
from harness.core.errors import ConfigError, HarnessError, OutsideError
from harness.core.releases import Release
from harness.report.ci.cases import Ending, ending
from harness.report.ci.github import workflow_commands
from harness.report.ci.junit import junit
from harness.report.ci.markdown import markdown
from harness.report.ci.sarif import sarif
from harness.store.files import refused, write_lines

FORMATS = {"junit": junit, "markdown": markdown, "sarif": sarif}


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where to tell. `files` is by format; `release_file` is relative to the repository.

    `summary` is GitHub's file for the summary of a step, None where there is none.
    """

    release_file: str
    files: Mapping[str, Path]
    summary: Path | None = None


def open_outlets(release: Path, files: Mapping[str, str | None], environment: Mapping[str, str]) -> Outlets:
    """The outlets, each file already telling that nothing was decided: a killed command leaves no old PASS behind.

    Raises ConfigError for a file that cannot be written, or that two things would be written to.
    """
    wanted = {name: Path(file).absolute() for name, file in files.items() if file is not None}
    for name, path in wanted.items():
        if path.resolve() in {release.resolve(), *(other.resolve() for key, other in wanted.items() if key != name)}:
            raise ConfigError(f"--{name}: {path} is another file of this command. Give each file its own name.")
    summary = environment.get("GITHUB_STEP_SUMMARY")
    outlets = Outlets(_in_repository(release, environment), wanted, Path(summary) if summary else None)
    unfinished = OutsideError("the command did not come to its end, so nothing was decided.")
    try:
        for path in wanted.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        _write(outlets, ending(outlets.release_file, unfinished))
    except (OSError, OutsideError) as error:
        said = f"cannot write {error.filename}: {error.strerror}." if isinstance(error, OSError) else error
        raise ConfigError(str(said)) from None
    return outlets


def publish(outlets: Outlets, decision: Decision, release: Release) -> list[str]:
    """Write a decision to all outlets; gives its annotations. Raises OutsideError where the disk refuses."""
    return _tell(outlets, _placed(decision, release))


def publish_error(outlets: Outlets, error: HarnessError) -> list[str]:
    """Write why there is no decision to all outlets; gives its annotations."""
    return _tell(outlets, ending(outlets.release_file, error))


def _tell(outlets: Outlets, found: Decision | Ending) -> list[str]:
    _write(outlets, found)
    if outlets.summary:
        try:
            with outlets.summary.open("a", encoding="utf-8") as file:
                file.write(markdown(found, outlets.release_file) + "\n")
        except OSError as error:
            raise refused(outlets.summary, error) from None
    return workflow_commands(found, outlets.release_file)


def _write(outlets: Outlets, found: Decision | Ending) -> None:
    for name, path in outlets.files.items():
        write_lines(path, [FORMATS[name](found, outlets.release_file).encode()])


def _placed(decision: Decision, release: Release) -> Decision:
    """With the lines that gates stand at now: the same decision may have been taken before lines were moved."""
    places = {gate.id: gate.place for gate in release.policy.gates}
    results = (
        replace(result, gate=replace(result.gate, place=places.get(result.gate.id, result.gate.place)))
        for result in decision.results
    )
    return replace(decision, results=tuple(results))


def _in_repository(release: Path, environment: Mapping[str, str]) -> str:
    """The release's path from the root of the repository; from here, where CI does not say where that is."""
    root = environment.get("GITHUB_WORKSPACE") or environment.get("CI_PROJECT_DIR") or "."
    path = Path(os.path.relpath(release.resolve(), Path(root).resolve()))
    return release.name if path.parts[0] == ".." else path.as_posix()
