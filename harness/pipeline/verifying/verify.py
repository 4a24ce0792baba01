"""Whether a decision's record is what it was, and follows from its runs: judged again, and every difference named."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.config.decision_schema import decision_schema
from harness.config.load import load_release
from harness.core.decisions import Decision
from harness.core.errors import ConfigError, Problem
from harness.core.releases import Release
from harness.pipeline.checking.hand_written import check_digests, judge_with_checks, with_checks
from harness.pipeline.declaration import declared_then
from harness.pipeline.judging.attempts import read_attempts, recorded
from harness.pipeline.judging.judge import Judgement, decision_id, judge
from harness.pipeline.judging.material import read_material
from harness.pipeline.verifying.differences import differences, record_differences
from harness.pipeline.verifying.intact import intact_runs
from harness.pipeline.workspace import Workspace
from harness.report.record import from_json, to_json
from harness.store import reader, signing
from harness.store.bundle import BundleRefused
from harness.store.database import opened

_EDITED = "its id no longer fits what it says: the record was edited after it was written."


def verify(path: Path, file: Path, bundles: Path | None = None, key: Path | None = None) -> Decision:
    """The decision of a record that is as it was written, and that its runs give again.

    `file` is release.yaml. The runs come from the project's store, or from the bundles in a folder. With `key` the
    record has to be signed, too. Raises ConfigError naming everything that differs, OutsideError where the store or a
    bundle is newer than this harness or cannot be read.
    """
    workspace = Workspace(file.resolve().parent)
    record = read_record(path)
    decision = from_json(record)
    problems = [] if decision_id(decision) == decision.id else [Problem(_EDITED, file=str(path))]
    if key is not None:
        problems += _signature(path, workspace, record, key)
    try:
        with intact_runs(decision, workspace, bundles) as evidence:
            release, others = _declared(decision, workspace, file)
            found = not_given_again(release, decision, evidence, apart=bundles is not None)
    except BundleRefused as error:
        raise ConfigError([*problems, Problem(str(error))]) from None
    if bundles is None:
        found += _not_as_stored(decision, workspace)
    problems += [Problem(f"{one}.", file=str(path)) for one in found] + (others if found else [])
    if problems:
        raise ConfigError(problems)
    return decision


def not_given_again(release: Release, decision: Decision, workspace: Workspace, apart: bool = False) -> list[str]:
    """What comes out otherwise where the stored runs of a decision are judged by a release; nothing where it is it.

    The attempts are counted in the workspace's register, and the checks are made again. Where the runs lie `apart` from
    the project there is no register and no store, so both are taken as recorded.
    """
    material = read_material(workspace, decision.runs)
    attempts = recorded(decision) if apart else read_attempts(workspace, material, decision.candidate)
    look = decision.looks[0] if 1 <= decision.looks[0] <= release.policy.looks else None
    again = judge(release, material, decision.candidate, decision.decided, attempts, look, earlier=not decision.asked)
    return differences(decision, _checked(Judgement(release, material, again), decision, apart))


def _checked(judgement: Judgement, decision: Decision, apart: bool) -> Decision:
    """What was judged again, with the checks. Files that are others by now are not run: that is told anyway."""
    digests = check_digests(judgement.release)
    same = digests == {name: value for name, value in decision.digests.items() if name.startswith("check ")}
    if not judgement.release.checks or (same and not apart):
        return judge_with_checks(judgement)
    kept = [result for result in decision.results if result.gate.is_check]
    return with_checks(judgement.decision, kept, digests)


def read_record(path: Path) -> dict[str, Any]:
    """The record of a file. Raises ConfigError with everything that docs/schema/decision.schema.json refuses."""
    from jsonschema import Draft202012Validator

    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(Problem(f"cannot be read: {error.strerror}.", file=str(path))) from None
    except ValueError as error:
        raise ConfigError(Problem(f"is no JSON: {error}.", file=str(path))) from None
    wrong = sorted(Draft202012Validator(decision_schema()).iter_errors(record), key=lambda one: one.json_path)
    if wrong:
        raise ConfigError(
            [
                Problem(f"is no decision's record: {one.json_path}: {one.message[:200]}.", file=str(path))
                for one in wrong
            ]
        )
    try:
        to_json(from_json(record))
        datetime.fromisoformat(record["decided"])
    except ValueError as error:
        raise ConfigError(Problem(f"is no decision's record: {error}", file=str(path))) from None
    return dict(record)


def _signature(path: Path, workspace: Workspace, record: dict[str, Any], key: Path) -> list[Problem]:
    """Why neither the signature beside the record fits nor the one that the project keeps; nothing where one does."""
    public, beside = signing.verifier(key), path.with_name(f"{path.stem}.intoto.json")
    kept = workspace.signature(record["id"])
    problems: list[Problem] = []
    for one in [each for each in (beside, kept) if each.is_file()] or [beside]:
        try:
            signing.check_signed(one, record, public)
        except ConfigError as error:
            problems += error.problems
        else:
            return []
    return problems


def _declared(decision: Decision, workspace: Workspace, file: Path) -> tuple[Release, list[Problem]]:
    """The release and its waivers as declared then, where that was kept, and the problems that it has here and now.

    These do not matter where the same decision comes out: its rules and suites are then the very same.
    """
    kept = declared_then(workspace, decision.id)
    release, problems = kept or load_release(file, workspace.root)
    if release is None:
        raise ConfigError(problems)
    if kept:  # else the record could bring waivers that nobody gave
        release = replace(release, waivers=tuple(use.waiver for use in decision.waivers))
    return release, problems


def _not_as_stored(decision: Decision, workspace: Workspace) -> list[str]:
    """In what the record differs from the store's, time and places too, which no run can give again."""
    with opened(workspace.store, read_only=True) as connection:
        stored = reader.decision(connection, decision.id)
    return record_differences(decision, from_json(stored), "in the store", whole=True) if stored else []
