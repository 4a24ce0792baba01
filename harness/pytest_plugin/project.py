"""The releases that a pytest session meets: found once, loaded once, judged once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import pytest

if TYPE_CHECKING:
    from harness.core.releases import Gate, Release
    from harness.pipeline.at_hand import Judgement
    from harness.pipeline.checks import StoredModel
    from harness.pytest_plugin.nodes import GateFile

RELEASE = "release.yaml"
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
    """A folder with a release.yaml. `whole` are those of its files that are collected with all their items."""

    def __init__(self, root: Path) -> None:
        self.root, self.file = root, root / RELEASE
        self.suites = _suites(self.file)
        self.whole: set[Path] = set()
        self.release: Once[Release] = Once(self._load)
        self.judgement: Once[Judgement] = Once(self._judge)

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


class Projects:
    """All of them, by the folders of their files."""

    def __init__(self, config: pytest.Config) -> None:
        self._everywhere = bool(config.option.harness)
        self._arguments = [_argument(config, text) for text in config.args]
        self._found: dict[Path, Project | None] = {}

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
        if project is None or not self._is_asked(path, project.root) or not project.names(path):
            return None
        if any(plain and (argument == path or argument in path.parents) for argument, plain in self._arguments):
            project.whole.add(path)
        return _file(project, path, parent)

    def rest(self, session: pytest.Session) -> list[pytest.Item]:
        """What makes releases whole: suites that only release.yaml was named for, and release.yaml after all suites."""
        found: list[pytest.Item] = []
        for project in {id(one): one for one in self._found.values() if one and one.whole}.values():
            suites = set(project.suites or ())
            if project.file in project.whole:
                missing = [path for path in project.suites or () if path not in project.whole]
            else:
                missing = [project.file] if suites and suites <= project.whole else []
            for path in missing:
                found += _file(project, path, session).collect()
        return found

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
        """What a check looks at: the candidate or (None) its baseline, on the task that its marker names."""
        from harness.core.errors import HarnessError
        from harness.pipeline.checks import stored_model

        project, wanted = self.above(node.path.parent), node.get_closest_marker("harness")
        if project is None:
            pytest.fail(f"no {RELEASE} lies in or above {node.path.parent}.", pytrace=False)
        named = node.get_closest_marker("baseline")
        against = role or (str(named.args[0]) if named else None)
        try:
            return stored_model(project.judgement(), against, **(dict(wanted.kwargs) if wanted else {}))
        except HarnessError as error:
            pytest.fail(str(error), pytrace=False)

    def _is_asked(self, path: Path, root: Path) -> bool:
        """A plain `pytest` is for a project's own tests: to judge, the file or a folder of suites must be named."""
        inside = (one for one, _ in self._arguments if root in one.parents)
        return self._everywhere or any(one == path or one in path.parents for one in inside)


def _file(project: Project, path: Path, parent: pytest.Collector) -> GateFile:
    from harness.pytest_plugin.nodes import GateFile

    return GateFile.of(parent, path, project)


def _argument(config: pytest.Config, text: str) -> tuple[Path, bool]:
    """A command-line argument's path, and whether it names no item in there."""
    path, _, item = text.partition("::")
    return (config.invocation_params.dir / path).resolve(), not item


def _suites(file: Path) -> tuple[Path, ...] | None:
    """The files that a release names as its suites; None where it cannot be read."""
    import yaml

    try:
        value = yaml.safe_load(file.read_text(encoding="utf-8"))
        return tuple((file.parent / path).resolve() for path in value["suites"]) if "gates" in value else ()
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        return None
