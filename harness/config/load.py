"""release.yaml and everything it names, to one frozen Release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.config._pydantic import parse_meant
from harness.config.baselines import baseline_problems, baseline_spec, measure_of
from harness.config.chat_rows import chat_row_problems, leak_problems
from harness.config.checks import load_checks
from harness.config.declared import policy_of
from harness.config.experiments import load_experiments
from harness.config.gates import load_gates
from harness.config.generation import generation_problems
from harness.config.home import declared_home
from harness.config.policy_file import load_declaration
from harness.config.presentation import presentation, price_problems, prices
from harness.config.route import canary_of, canary_problems, route_of
from harness.config.schema import ReleaseFile
from harness.config.shards import shard_problems
from harness.config.source import Source
from harness.config.suites import load_suite
from harness.config.trainings import launcher_problems, training_of
from harness.config.waivers import load_waivers
from harness.core.errors import ConfigError, Problem
from harness.core.ids import digest_json
from harness.core.metric_refs import COST, RESERVED
from harness.core.places import Place
from harness.core.releases import CandidateSpec, Release, ServeSpec
from harness.core.suites import Suite

# Keys that no verdict depends on.
_NO_VERDICT: Any = {
    **dict.fromkeys(("report", "prices", "data_schema", "route", "canary", "home"), True),
    "policy_file": True,  # what it holds is there as if it stood in release.yaml
    "candidate": {"train": {"launcher", "track"}},
}
_NO_PRICE = {"training", "frontier", "requests_per_month", "fixed_per_month"}  # of the break-even only
SERVERS = (
    "local", "remote", "openai", "tgi_docker", "tgi_process", "vllm", "kubernetes", "inference_endpoint",
)  # fmt: skip


def load_release(
    path: Path, root: Path | None = None, policy: Path | None = None
) -> tuple[Release | None, list[Problem]]:
    """The release declared in a file, and every problem of all files that it names.

    With problems the release may still be there, incomplete: for further checks, never to be run. `root` is the folder
    that its paths are relative to, where the file lies elsewhere; `policy` is read in the place of its policy file.
    """
    root, shown_as = root or path.resolve().parent, path.name
    try:
        source, unfit = load_declaration(path, shown_as, root, policy)
    except ConfigError as error:
        return None, list(error.problems)
    parsed, source, unknown = parse_meant(ReleaseFile, source)
    unknown += unfit
    if parsed is None:
        return None, unknown + _suites_anyway(root, source)
    suites, problems = _suites(root, source, parsed.suites)
    problems = unknown + problems
    gates, gate_problems = load_gates(parsed, suites, source)
    problems += _candidate_problems(root, parsed, source) + gate_problems
    problems += baseline_problems(root, parsed, suites, source)
    problems += leak_problems(root, parsed.candidate.train, suites, parsed.policy.max_leaked)
    waivers, waiver_problems = load_waivers(root, parsed.name, gates, complete=not gate_problems)
    checks, check_problems = load_checks(root, parsed.checks, source)
    problems += waiver_problems + check_problems + price_problems(parsed, source)
    experiments, experiment_problems = load_experiments(root, parsed, suites, source)
    problems += experiment_problems + launcher_problems(root, parsed, source)
    served = [key for key in SERVERS if getattr(parsed.serve, key)]
    if len(served) > 1:
        problems.append(source.problem(["serve"], f"'serve' names {' and '.join(served)}; keep one."))
    problems += generation_problems(parsed, suites, source) + shard_problems(parsed, source)
    problems += _merged_problems(parsed, source) + canary_problems(root, parsed.canary, source)
    release = Release(
        name=parsed.name,
        root=root,
        file=shown_as,
        candidate=_candidate(root, parsed),
        serve=_serve(parsed),
        baselines=tuple(baseline_spec(name, file) for name, file in parsed.baselines.items()),
        suites=suites,
        policy=policy_of(parsed, gates),
        seed=parsed.seed,
        digest=_digest(parsed),
        measure=measure_of(parsed),
        waivers=waivers,
        checks=checks,
        presentation=presentation(parsed.report),
        prices=prices(parsed.prices),
        data_schema=parsed.data_schema,
        experiments=experiments,
        route=route_of(parsed.route),
        canary=canary_of(parsed.canary),
        home=declared_home(root, parsed.home),
        policy_place=Place(*source.place(["policy", "alpha"])),
    )
    return release, problems


def _digest(parsed: ReleaseFile) -> str:
    """Digest of all that a verdict depends on: prices, too, where a gate is on a cost."""
    priced = any(gate.metric == COST for gate in parsed.gates)
    left_out = {**_NO_VERDICT, "prices": _NO_PRICE} if priced else _NO_VERDICT
    return digest_json(parsed.model_dump(mode="json", exclude_defaults=True, exclude=left_out))


def _suites(root: Path, source: Source, paths: list[str]) -> tuple[tuple[Suite, ...], list[Problem]]:
    suites: dict[str, Suite] = {}
    problems: list[Problem] = []
    for index, path in enumerate(paths):
        if not (root / path).is_file():
            problems.append(source.problem(["suites", index], f"the suite '{path}' does not exist."))
            continue
        suite, found = load_suite(root, path)
        problems += found
        if suite and suite.name in RESERVED:
            problems.append(Problem(f"the name '{suite.name}' is reserved.", file=path))
        elif suite and suite.name in suites:
            problems.append(source.problem(["suites", index], f"two suites have the name '{suite.name}'."))
        elif suite:
            suites[suite.name] = suite
    return tuple(suites.values()), problems


def _suites_anyway(root: Path, source: Source) -> list[Problem]:
    """Problems of the suites although release.yaml itself has some: all problems in one go."""
    paths = source.value.get("suites") if isinstance(source.value, dict) else None
    known = [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
    return _suites(root, source, known)[1]


def _candidate_problems(root: Path, parsed: ReleaseFile, source: Source) -> list[Problem]:
    candidate, found = parsed.candidate, []
    if (candidate.train is None) == (candidate.adapter is None):
        found.append(source.problem(["candidate"], "the candidate needs exactly one of 'train' and 'adapter'."))
    if candidate.adapter is not None and not (root / candidate.adapter / "adapter_model.safetensors").is_file():
        pickled = (root / candidate.adapter / "adapter_model.bin").is_file()
        refused = ", and adapter_model.bin is refused: pickled weights can run code" if pickled else ""
        message = f"'{candidate.adapter}' holds no adapter_model.safetensors{refused}."
        found.append(source.problem(["candidate", "adapter"], message))
    for key in ("axolotl", "data", "validation") if candidate.train else ():
        path = getattr(candidate.train, key)
        if path is not None and not (root / path).is_file():
            found.append(source.problem(["candidate", "train", key], f"the file '{path}' does not exist."))
        elif path is not None and key != "axolotl":
            found += chat_row_problems(root, path)
    return found


def _candidate(root: Path, parsed: ReleaseFile) -> CandidateSpec:
    candidate = parsed.candidate
    training = training_of(root, parsed.name, candidate.train) if candidate.train else None
    return CandidateSpec(candidate.base_model, training, root / candidate.adapter if candidate.adapter else None)


def _merged_problems(parsed: ReleaseFile, source: Source) -> list[Problem]:
    """A merged model is a folder on this machine: only a server that harness starts from a folder can have it."""
    elsewhere = [key for key in ("remote", "openai", "kubernetes", "inference_endpoint") if getattr(parsed.serve, key)]
    if not (parsed.serve.merged and elsewhere):
        return []
    message = f"'merged' needs a server that is started from a folder of this machine, and '{elsewhere[0]}' is not."
    return [source.problem(["serve", "merged"], message, "Use local, tgi_docker, tgi_process or vllm.")]


def _serve(parsed: ReleaseFile) -> ServeSpec:
    serve = parsed.serve
    kind = next((key for key in SERVERS if getattr(serve, key)), "local")
    file = getattr(serve, kind)
    arguments = file.model_dump() if file else {}
    return ServeSpec(
        kind, arguments, serve.concurrency, serve.unproven == "accept", serve.timeout, serve.deadline, serve.merged
    )
