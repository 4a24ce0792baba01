"""Checks that somebody wrote in Python, as gates: each test of the files that a release names has to pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from harness.core.decisions import Decision, Finding, GateResult
from harness.core.estimates import Unestimable
from harness.core.ids import digest_file
from harness.core.places import Place
from harness.core.policies import CHECK, Gate
from harness.core.releases import Release
from harness.core.secrets import masked
from harness.core.verdicts import Role, Verdict
from harness.pipeline.checking.process import Made, make_checks
from harness.pipeline.judging.judge import Judgement, decision_id
from harness.pipeline.judging.reason import reason_of

LONGEST = 200
_VERDICTS = {
    "passed": Verdict.PASS, "failure": Verdict.FAIL, "error": Verdict.ERROR,
    "skipped": Verdict.INCONCLUSIVE,  # a check that was not made shows nothing
}  # fmt: skip
_WORST_FIRST = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)
_ADDRESS = re.compile(r"\b0x[0-9a-f]+")


def judge_with_checks(judgement: Judgement) -> Decision:
    """The decision once the release's checks are made on the same runs; as it is where the release names none."""
    release, digests = judgement.release, check_digests(judgement.release)
    return with_checks(judgement.decision, run_checks(judgement), digests) if release.checks else judgement.decision


def with_checks(decision: Decision, checks: Sequence[GateResult], digests: dict[str, str]) -> Decision:
    """The decision with the results of checks. They can hold it and never lift it: a PASS takes the gates' own."""
    results = (*decision.results, *checks)
    found = {decision.verdict, *(result.verdict for result in checks)}
    verdict = next(one for one in _WORST_FIRST if one in found)
    reason = reason_of(verdict, results, decision.waivers)
    made = replace(
        decision, verdict=verdict, reason=reason, results=results, digests={**decision.digests, **digests}, id=""
    )
    return replace(made, id=decision_id(made))


def check_digests(release: Release) -> dict[str, str]:
    """SHA-256 of each file that is there, as decisions name them."""
    files = {path: release.root / path for path in release.checks}
    return {f"check {path}": digest_file(file) for path, file in files.items() if file.is_file()}


def run_checks(judgement: Judgement) -> tuple[GateResult, ...]:
    """A result for each test of each file; an ERROR for a file that gives none, and where pytest broke off."""
    root, process = judgement.release.root, make_checks(judgement)
    modules = {path.removesuffix(".py").replace("/", "."): path for path in judgement.release.checks}
    owners = [_owner(one.module, modules) for one in process.made]
    stray = next((made for made, owner in zip(process.made, owners, strict=True) if not owner), None)
    broken = process.broken or (f"pytest broke off: {_why(stray, root)}" if stray else "")
    results = []
    for module, path in modules.items():
        mine = [one for one, owner in zip(process.made, owners, strict=True) if owner == module]
        results += [_result(path, one.module[len(module) + 1 :], one, root) for one in mine]
        if broken or not mine:
            none = Made(module, "error", broken or "there is no test in it", "", None)
            results.append(_result(path, "", none, root))
    return tuple(results)


def _owner(name: str, modules: Iterable[str]) -> str:
    """The module that a test's dotted name begins with: the longest, as one name may begin like another.

    "" where it is of none of them: pytest names its own failures, too.
    """
    return max((one for one in modules if f"{name}.".startswith(f"{one}.")), key=len, default="")


def _result(path: str, name: str, made: Made, root: Path) -> GateResult:
    """`name` is the test's, "" where it is about the file."""
    verdict, why = _VERDICTS[made.ending], _why(made, root)
    metric = ".".join(filter(None, ("checks", PurePosixPath(path).stem, name)))
    gate = Gate(metric, CHECK, 0.0, None, Role.GATING, Place(path, made.line))
    finding = Finding(Unestimable(why), 0.0, passes=verdict is Verdict.PASS, verdict=verdict, reason=why)
    return GateResult(gate, verdict, finding, f"{metric}: {why} → {verdict}.", _client(name or path, verdict))


def _why(made: Made, root: Path) -> str:
    """The first line of what pytest says, without what differs from time to time and from machine to machine."""
    if made.ending == "passed":
        return "the check passes"
    errors = [line[1:].strip() for line in made.text.split("\n") if line.startswith("E ")]
    lines = [line for line in (made.message if made.ending == "failure" else "", *errors, made.message) if line]
    line = _ADDRESS.sub("0x…", (lines[0] if lines else made.ending).split("\n")[0].replace(f"{root}/", "")).strip()
    line = masked(f"skipped: {line}" if made.ending == "skipped" else line)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _client(name: str, verdict: Verdict) -> str:
    title = f"The check “{name.removeprefix('test_').replace('_', ' ')}”"
    match verdict:
        case Verdict.PASS:
            return f"{title} was made, and the new model passes it."
        case Verdict.FAIL:
            return f"{title} was made, and the new model fails it, so it is not released."
        case Verdict.INCONCLUSIVE:
            return f"{title} was not made, so we cannot promise what it is about."
    return f"{title} could not be made."
