"""The releases that a pytest session meets: found once, loaded once, judged once."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import pytest

if TYPE_CHECKING:
    from harness.core.decisions import Decision
    from harness.core.policies import Gate
    from harness.core.releases import Release
    from harness.pipeline.checking.fixtures import StoredModel
    from harness.pipeline.judging.judge import Judgement
    from harness.pytest_plugin.nodes import GateFile

RELEASE = "release.yaml"
# How far is looked for release files that nobody named: levels of folders, folders, and files that are named.
_LEVELS, _FOLDERS, _NAMED = 6, 5_000, 10
_SKIPPED = {"node_modules", "site-packages", "venv", "build", "dist"}
_Value = TypeVar("_Value")


class Once(Generic[_Value]):
    """A value that is made when it is first asked for. Where that fails, it fails the same way for all who ask."""

    def __init__(self, make: Callable[[], _Value]) -> None:
        self._make, self._made, self._error = make, list[_Value](), list[Exception]()

    def __call__(self) -> _Value:
        if self._error:
            raise self._error[0]
        if not self._made:
            try:
                self._made.append(self._make())
            except Exception as error:
                self._error.append(error)
                raise
        return self._made[0]


class Project:
    """A folder with a release.yaml. `whole` are the suites that were collected so far, with all their gates."""

    def __init__(self, root: Path) -> None:
        self.root, self.file = root, root / RELEASE
        self.suites = _suites(self.file)
        self.whole: set[Path] = set()
        self.release: Once[Release] = Once(self._load)
        self.judgement: Once[Judgement] = Once(self._judge)
        self.decision: Once[Decision] = Once(self._decide)

    def names(self, file: Path) -> bool:
        """Whether the release names this file. One that cannot be read may name any: its problems are to be seen."""
        return file == self.file or self.suites is None or file in self.suites

    def gates(self, file: Path) -> list[tuple[int, Gate, str]]:
        """The gates of a suite's file, or of release.yaml those of no suite: number, gate, the suite's name or ""."""
        from harness.core.metric_refs import metric_refs

        release = self.release()
        refs = metric_refs(release.suites)
        names = dict(zip(self.suites or (), (suite.name for suite in release.suites), strict=True))
        suites = [refs[gate.metric].suite if gate.metric in refs else "" for gate in release.policy.gates]
        found = zip(range(len(suites)), release.policy.gates, suites, strict=True)
        return [one for one in found if one[2] == names.get(file, "")]

    def _load(self) -> Release:
        from harness.pipeline.validate import validate

        return validate(self.file)

    def _judge(self) -> Judgement:
        from harness.pipeline.at_hand import judge_stored

        return judge_stored(self.release())

    def _decide(self) -> Decision:
        from harness.pipeline.checking.hand_written import judge_with_checks

        return judge_with_checks(self.judgement())


class Projects:
    """All of them, by the folders of their files."""

    def __init__(self, config: pytest.Config) -> None:
        self._everywhere = bool(config.option.harness)
        self._arguments = [_argument(config, text) for text in config.args]
        self._found: dict[Path, Project | None] = {}
        self._given: Path | None = config.option.harness_judgement
        self._handed: Once[Judgement] = Once(self._hand_over)
        self._root, self._met = config.rootpath, False

    def above(self, folder: Path) -> Project | None:
        """The project that a folder lies in: that of the nearest release.yaml."""
        if folder not in self._found:
            here = (folder / RELEASE).is_file()
            up = None if folder == folder.parent else folder.parent
            self._found[folder] = Project(folder) if here else self.above(up) if up else None
        return self._found[folder]

    def file(self, path: Path, parent: pytest.Collector) -> GateFile | None:
        """The collector of a release's file; None where it is no such file, or nobody asked for it."""
        project = self.above(path.parent)
        if project is None or not self._is_asked(path, project) or not project.names(path):
            return None
        from harness.pytest_plugin.nodes import GateFile

        self._met = True
        return GateFile.of(parent, path, project, self)

    def others(self, project: Project, path: Path) -> list[Path]:
        """The files to be collected after this one, which pytest does not come upon by itself.

        After release.yaml these are the suites; after the last of all suites it is release.yaml.
        """
        if path == project.file:
            return [suite for suite in project.suites or () if not self._comes_by_itself(suite, project)]
        if not self._comes_by_itself(path, project):
            return []
        project.whole.add(path)
        ready = project.whole >= self._expected(project)
        return [project.file] if ready and not self._comes_by_itself(project.file, project) else []

    def missed(self) -> str | None:
        """What to say where all gates were wanted and no file with gates was met; None where one was.

        Whoever names Python files, or items in them, wants just these.
        """
        if not self._everywhere or self._met or all(path.suffix == ".py" for path, _ in self._arguments):
            return None
        shown = [os.path.relpath(path, self._root) for path in release_files(self._root)]
        where = ", ".join(os.path.relpath(path, self._root) for path, _ in self._arguments)
        said = f"--harness: there is no gate in what pytest was given ({where})."
        if not shown:
            return f"{said} No {RELEASE} with suites and gates lies in or below {self._root}, as far as was looked."
        folders = " ".join(str(Path(path).parent) for path in shown)
        return f"{said} Release files lie at {', '.join(shown)}: run `pytest --harness {folders}`."

    def run(self) -> None:
        """Do what is missing for each release that was asked for; ends pytest where that fails."""
        from harness.core.errors import HarnessError
        from harness.pipeline.gate import gate

        projects = {id(one): one for path, _ in self._arguments if (one := self.above(path))}
        if not projects:
            raise pytest.UsageError(f"--harness-run: there is no {RELEASE} in or above what pytest is given.")
        for project in projects.values():
            try:
                gate(project.release(), lambda event: None, report=False)
            except HarnessError as error:
                pytest.exit(f"harness: {error}", returncode=int(error.exit_code))

    def model(self, node: pytest.Item, role: str | None) -> StoredModel:
        """What a check looks at: the candidate or (None) its baseline, on the task that its marker names.

        Raises HarnessError where that cannot be had.
        """
        from harness.pipeline.checking.fixtures import stored_model

        task, named = node.get_closest_marker("harness"), node.get_closest_marker("baseline")
        role = role or (str(named.args[0]) if named else None)
        return stored_model(self._judgement(node.path.parent), role, **(dict(task.kwargs) if task else {}))

    def _judgement(self, folder: Path) -> Judgement:
        """What `harness gate` hands over where it makes the checks; else that of the project."""
        from harness.core.errors import ConfigError

        if self._given is not None:
            return self._handed()
        project = self.above(folder)
        if project is None:
            raise ConfigError(f"no {RELEASE} lies in or above {folder}.")
        return project.judgement()

    def _hand_over(self) -> Judgement:
        from harness.pipeline.checking.process import handed_over

        assert self._given is not None
        return handed_over(self._given)

    def _is_asked(self, path: Path, project: Project) -> bool:
        """A plain `pytest` is for a project's own tests: to judge, the file or a folder of suites must be named."""
        inside = (one for one, _ in self._arguments if project.root in one.parents)
        return self._everywhere or any(one == path or one in path.parents for one in inside)

    def _expected(self, project: Project) -> set[Path]:
        """The suites after which release.yaml follows: all; of those in named folders only what lies there.

        A folder stands for the release, a suite's file for its own gates.
        """
        suites = set(project.suites or ())
        if not any(whole and path.is_dir() for path, whole in self._arguments):
            return suites
        return {suite for suite in suites if self._comes_by_itself(suite, project)}

    def _comes_by_itself(self, path: Path, project: Project) -> bool:
        """Whether pytest collects the whole file because of its arguments."""
        plain = (one for one, whole in self._arguments if whole)
        return self._is_asked(path, project) and any(one == path or one in path.parents for one in plain)


def release_files(root: Path) -> list[Path]:
    """The release files below a folder, the nearest first; what lies too deep, or behind too many folders, is not."""
    files: list[Path] = []
    folders = deque([(root, 0)])
    for _ in range(_FOLDERS):
        if not folders or len(files) == _NAMED:
            break
        folder, level = folders.popleft()
        if (folder / RELEASE).is_file() and _suites(folder / RELEASE) != ():
            files.append(folder / RELEASE)
        if level < _LEVELS:
            folders.extend((inner, level + 1) for inner in _inner(folder))
    return files


def _inner(folder: Path) -> list[Path]:
    """The folders in a folder by name, without hidden ones, links, and those of packages."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [folder / name for name in sorted(names) if not name.startswith((".", "_")) and name not in _SKIPPED]


def _argument(config: pytest.Config, text: str) -> tuple[Path, bool]:
    """A command-line argument's path, and whether it names no item in there."""
    path, _, item = text.partition("::")
    return Path(os.path.abspath(config.invocation_params.dir / path)), not item


def _suites(file: Path) -> tuple[Path, ...] | None:
    """The files that a release names as its suites; none where it is another tool's, None where it is unreadable."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if not all(re.search(rf"^({key})\s*:", text, re.MULTILINE) for key in ("suites", "gates|policy_file")):
        return ()
    import yaml

    try:
        return tuple(Path(os.path.abspath(file.parent / path)) for path in yaml.safe_load(text)["suites"])
    except (ValueError, TypeError, KeyError, yaml.YAMLError):
        return None
