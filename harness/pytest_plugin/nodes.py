"""Gates as tests of pytest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.core.errors import HarnessError
from harness.core.verdicts import Role, Verdict

if TYPE_CHECKING:
    from harness.core.decisions import Decision, GateResult
    from harness.core.policies import Gate
    from harness.pytest_plugin.project import Project, Projects

# A suite of such a name gives its gates no marker: pytest would skip them, or expect them to fail.
_MEANT_OTHERWISE = {"skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings", "timeout", "flaky"}


class NotPassed(Exception):
    """A gate, or a release, that does not pass; or that could not be judged."""


class GateFile(pytest.File):
    """A suite with the gates on its metrics; or release.yaml with the gates of no suite, and the whole's verdict."""

    project: Project
    projects: Projects

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, project: Project, projects: Projects) -> GateFile:
        """The collector of one file. Its id does not tell what it was collected by."""
        relative = Path(os.path.relpath(path, parent.config.rootpath)).as_posix()
        found: GateFile = cls.from_parent(parent, path=path, nodeid=relative)
        found.project, found.projects = project, projects
        return found

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Each gate; with release.yaml, the release last. Then the files that make the release whole."""
        for number, gate, suite in self.project.gates(self.path):
            yield GateItem.of(self, number, gate, suite)
        if self.path == self.project.file:
            yield ReleaseItem.of_release(self)
        for path in self.projects.others(self.project, self.path):
            yield GateFile.of(self, path, self.project, self.projects)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The problems of release.yaml, without a traceback."""
        return _plainly(excinfo) or super().repr_failure(excinfo)


class MissingGates(pytest.Item):
    """Gates were wanted, and there were none."""

    said: str

    @classmethod
    def of(cls, session: pytest.Session, said: str) -> MissingGates:
        """The item `gates`; `said` is what is wrong, and what to do."""
        item: MissingGates = cls.from_parent(session, name="gates", nodeid="--harness::gates")
        item.said = said
        return item

    def setup(self) -> None:
        """An error, and no failure of a model."""
        raise NotPassed(self.said)

    def runtest(self) -> None:
        """Nothing: it never gets here."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The sentence, without a traceback."""
        return _plainly(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """It is declared nowhere."""
        return self.path, None, "the gates"


class ReleaseItem(pytest.Item):
    """The verdict of the release: what `harness gate` returns."""

    project: Project

    @classmethod
    def of_release(cls, parent: GateFile) -> ReleaseItem:
        """The item `release`."""
        found: ReleaseItem = cls.from_parent(parent, name="release")
        found.project = parent.project
        _mark(found, ["harness"])
        return found

    def reading(self, decision: Decision) -> tuple[str, str]:
        """How it ends (passed, skipped, failed or error), and a sentence that says why."""
        said = f"{decision.release}: {decision.reason}"
        if decision.verdict is Verdict.INCONCLUSIVE:
            return "failed", f"inconclusive: {said}"
        return {Verdict.PASS: "passed", Verdict.FAIL: "failed"}.get(decision.verdict, "error"), said

    def setup(self) -> None:
        """Judge, if nobody did yet. What could not be judged is an error, and no failure of the model."""
        decision = self.project.decision()
        ending, said = self.reading(decision)
        self.user_properties.append(("decision", decision.id))
        if ending == "error":
            raise NotPassed(said)

    def runtest(self) -> None:
        """Fail or skip with the sentence."""
        ending, said = self.reading(self.project.decision())
        if ending == "failed":
            raise NotPassed(said)
        if ending == "skipped":
            raise pytest.skip.Exception(said, _use_item_location=True)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The sentence, without a traceback."""
        return _plainly(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is declared. The title differs from the name: pytest takes the dots of a name for separators."""
        return self.project.file, 0, "the release"


class GateItem(ReleaseItem):
    """One gate."""

    number: int
    gate: Gate

    @classmethod
    def of(cls, parent: GateFile, number: int, gate: Gate, suite: str) -> GateItem:
        """The gate at its place in the policy, with its role, rule and suite as markers."""
        found: GateItem = cls.from_parent(parent, name=gate.id)
        found.project, found.number, found.gate = parent.project, number, gate
        _mark(found, ["harness", str(gate.role), gate.rule, *([suite] if suite else [])])
        return found

    def reading(self, decision: Decision) -> tuple[str, str]:
        """As the release counts it: nothing is a failure that does not hold it back."""
        return _reading(decision.results[self.number])

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The gate's line in release.yaml, or in its policy file."""
        return self.project.root / self.gate.place.file, (self.gate.place.line or 1) - 1, f"gate {self.name}"


def _reading(result: GateResult) -> tuple[str, str]:
    role, verdict = result.gate.role, result.verdict
    said = f"{result.sentence} ({result.answers})" if result.answers else result.sentence
    if verdict is Verdict.PASS:
        return "passed", said
    if result.waived or role is Role.ADVISORY:
        return "skipped", f"{'waived' if result.waived else 'advisory'}: {said}"
    if verdict is Verdict.INCONCLUSIVE:
        return "skipped" if role is Role.GUARDRAIL else "failed", f"inconclusive: {said}"
    return "failed" if verdict is Verdict.FAIL else "error", said


def _mark(item: pytest.Item, names: list[str]) -> None:
    for name in names:
        item.extra_keyword_matches.add(name)
        if name not in _MEANT_OTHERWISE:
            item.config.addinivalue_line("markers", f"{name}: gates of a release")
            item.add_marker(name)


def _plainly(excinfo: pytest.ExceptionInfo[BaseException]) -> str | None:
    return str(excinfo.value) if isinstance(excinfo.value, HarnessError | NotPassed) else None
