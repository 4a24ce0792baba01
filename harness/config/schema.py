"""The keys of release.yaml and suites/*.yaml, with their types. Text comes in here; frozen values go out of `load`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NAME = r"^[a-z][a-z0-9_-]*$"
Name = Annotated[str, Field(pattern=NAME, max_length=60)]


def _seconds(value: object) -> object:
    """'5s', '250ms', '2min' and '3h' as seconds; numbers stay."""
    if isinstance(value, str):
        for unit, factor in (("ms", 0.001), ("min", 60.0), ("s", 1.0), ("h", 3600.0)):
            number = value.removesuffix(unit).strip()
            if value.endswith(unit) and number.replace(".", "", 1).isdigit():
                return float(number) * factor
    return value


_Time = Annotated[str, Field(pattern=r"^[0-9.]+ *(ms|s|min|h)$")]
Threshold = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=float | _Time)]
Seconds = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=float | _Time), Field(gt=0)]
URL = r"^https?://[^@/]+(/[^@]*)?$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())


class TrainFile(_File):
    """Train a LoRA adapter with Axolotl."""

    axolotl: str = Field(description="Path of an Axolotl config (axolotl_configs/lora.yaml).")
    data: str = Field(description='JSON Lines of chat rows: {"messages": [{"role": …, "content": …}, …]}.')
    validation: str | None = Field(None, description="Chat rows that choose the best checkpoint.")


class CandidateFile(_File):
    """The model under judgement: a base model with either `train` or `adapter`."""

    base_model: str = Field(description="demo:smollm2-135m-instruct, a folder, or org/name@<40-digit revision>.")
    train: TrainFile | None = Field(None, description="Train the adapter. Instead of `adapter`.")
    adapter: str | None = Field(None, description="Folder of a finished adapter. Instead of `train`.")


class LocalFile(_File):
    """The embedded server: TGI's API over transformers and PEFT on this machine."""

    threads: int | None = Field(None, ge=1, le=512, description="CPU threads; default: all cores.")
    max_batch_size: int = Field(32, ge=1, le=1024, description="Requests decoded together.")
    dtype: Literal["float32", "bfloat16", "float16"] = Field("float32", description="Weights' type when serving.")
    port: int = Field(0, ge=0, le=65535, description="0: any free port.")


class RemoteFile(_File):
    """A running TGI server."""

    url: str = Field(pattern=URL, description="Base URL of the server, without a password (key_env).")
    key_env: str | None = Field(None, pattern=VARIABLE, description="Variable with the key.")
    adapter_id: str | None = Field(None, description="Name of the candidate's adapter on the server.")


class OpenaiFile(_File):
    """A running server with OpenAI's API: vLLM, SGLang, …"""

    url: str = Field(pattern=URL, description="Base URL, up to and with /v1, without a password (key_env).")
    model: str = Field(description="Name of the base model on the server.")
    adapter: str | None = Field(None, description="Name of the candidate's adapter (vLLM: --lora-modules NAME=PATH).")
    key_env: str | None = Field(None, pattern=VARIABLE, description="Variable with the key.")


class ServeFile(_File):
    """Where candidate and base answer: exactly one of `local`, `remote` and `openai`."""

    local: LocalFile | None = Field(None, description="The embedded server (the default).")
    remote: RemoteFile | None = Field(None, description="A TGI server that runs already.")
    openai: OpenaiFile | None = Field(None, description="A server with OpenAI's API (vLLM, SGLang).")
    concurrency: int = Field(32, ge=1, le=1024, description="Requests in flight at once, at most.")
    timeout: Seconds = Field(300.0, description="Longest time for one request (300s).")
    deadline: Seconds | None = Field(None, description="Longest time for all requests of one command (2h).")
    unproven: Literal["accept"] | None = Field(
        None, description="Let a PASS stand although the server can't prove that the adapter answers."
    )


class RemoteModelFile(_File):
    """A prompted model behind OpenAI's API."""

    url: str = Field(pattern=URL, description="Base URL, up to and with /v1, without a password (key_env).")
    model: str = Field(description="The model's name there.")
    key_env: str | None = Field(None, pattern=VARIABLE, description="Variable with the key.")
    concurrency: int = Field(8, ge=1, le=1024, description="Requests in flight at once, at most.")
    max_tokens_key: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="How the server calls the limit of new tokens."
    )


class BaselineFile(_File):
    """A model to compare with. Without a key of its kind: the base model itself."""

    few_shot: int = Field(0, ge=0, le=64, description="Examples put before each prompt (from the task's `examples`).")
    prompt: Literal["best"] | None = Field(
        None, description="The base model with the best of each task's `alternatives`, chosen on `validation` rows."
    )
    remote: RemoteModelFile | None = Field(None, description="A prompted model elsewhere.")
    production: Literal["required", "or_base"] | None = Field(
        None, description="The version in production; or_base: the base model until there is one."
    )
    adapter_id: str | None = Field(None, description="production: its adapter's name on a server that runs already.")
    anchor: str | None = Field(None, description="A pinned decision: its candidate's stored runs.")
    human: dict[str, str] | None = Field(
        None, description='People\'s answers: suite.task to JSON Lines of {"id", "answer"}.'
    )


class MeasureFile(_File):
    """The phase that measures latency, throughput and errors, on a server that answers nothing else."""

    concurrency: int = Field(4, ge=1, le=1024, description="Requests in flight at once, always.")
    requests: int = Field(80, ge=59, le=100_000, description="Requests that count, for each model (59 or more).")
    warm_up: int = Field(8, ge=0, le=10_000, description="Requests before them, for each model.")
    baseline: str | None = Field(None, description="The baseline measured beside the candidate (default: the first).")
    suites: list[str] = Field(default_factory=list, description="Names of suites whose prompts are sent; default: all.")


class GateFile(_File):
    """One rule: a metric and exactly one of at_least, at_most, margin, improves, no_critical_failures, win_rate."""

    metric: str = Field(description="suite.metric, suite.task.metric, latency.p95 or errors.rate.")
    at_least: Threshold | None = Field(None, description="The metric's lower bound must exceed this.")
    at_most: Threshold | None = Field(None, description="The metric's upper bound must stay below this (5s, 0.01).")
    against: str | None = Field(None, description="Name of the baseline to compare with.")
    margin: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Largest loss tolerated against the baseline (non-inferiority), in the metric's unit."
    )
    improves: Literal[True] | None = Field(None, description="The metric must be better than the baseline's.")
    no_critical_failures: Literal[True] | Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="No sample may fail, and failures are shown to be rarer than this (true: 0.03)."
    )
    win_rate: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Share of samples on which the candidate must beat the baseline (a tie counts half)."
    )
    class_: str | None = Field(None, alias="class", description="Only samples of this class; macro_f1: its own F1.")
    field: str | None = Field(None, description="Only this field of the record.")
    slice: Annotated[dict[str, str], Field(min_length=1, max_length=1)] | None = Field(
        None, description="Only samples of this slice: {column: value}."
    )
    each: str | None = Field(None, description="One gate for every class, field, or value of a slice's column.")
    role: Literal["critical", "gating", "guardrail", "advisory"] = Field("gating", description="How much it counts.")


class PolicyFile(_File):
    """What all gates share."""

    alpha: float = Field(0.05, gt=0, lt=0.5, description="One-sided error of each bound.")
    min_samples: int = Field(30, ge=30, description="Fewest samples on which a gate may PASS (30 or more).")
    max_not_evaluated: float = Field(
        0.01, ge=0, le=0.01, description="Largest share of samples lost to the infrastructure (0.01 or less)."
    )
    resamples: int = Field(9_999, ge=1_999, le=999_999, description="Bootstrap resamples.")
    looks: Annotated[int, Field(ge=1, le=10)] | Literal["anytime"] = Field(
        1, description="How often the samples may be looked at while they come in; anytime: as often as you like."
    )
    max_attempts: int | None = Field(
        None, ge=1, description="How many candidates may be judged on the same samples; default: any number, and said."
    )
    max_leaked: int = Field(
        0, ge=0, description="How many samples may stand in the training data; gates must then hold without them, too."
    )


class ReportFile(_File):
    """How the report is told. Changes no verdict."""

    title: str = Field("", max_length=120, description="What the client calls the product (default: the name).")
    client: str = Field("", max_length=120, description="Whom the client's edition is for.")
    contact: str = Field("", max_length=200, description="Whom its reader may ask.")
    samples: bool = Field(False, description="Whether the client's edition shows texts of samples.")
    redact: list[str] = Field(
        default_factory=list, description="Columns and fields whose values the client's edition blacks out."
    )


class TokenPriceFile(_File):
    """Prices of a million tokens."""

    prompt: float = Field(ge=0, description="Of the prompt.")
    generated: float = Field(ge=0, description="Of the answer.")


class PriceFile(_File):
    """What a model costs: exactly one of `per_hour` and `per_million_tokens`."""

    per_hour: float | None = Field(None, ge=0, description="Of the server, while it answers as in the measured phase.")
    per_million_tokens: TokenPriceFile | None = None


class PricesFile(_File):
    """What candidate and baselines cost, for the report. Changes no verdict."""

    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="EUR, USD, …")
    models: dict[Name, PriceFile] = Field(default_factory=dict, description="By role: candidate, or a baseline's name.")


class WaiverFile(_File):
    """An owner's word that one gate may miss its bound, by so much and until then."""

    gate: str = Field(description="The gate's id, as `harness plan` shows it: triage.accuracy:margin:base.")
    owner: str = Field(min_length=1, description="Who answers for it.")
    reason: str = Field(min_length=1, description="Why.")
    largest_drop: float = Field(gt=0, description="How far the bound may be missed, in the metric's unit.")
    expires: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="Last day on which it holds: 2026-12-31.")
    release: Name | None = Field(None, description="The release that it is for.")
    adapter: str | None = Field(
        None, pattern=r"^[0-9a-f]{8,64}$", description="First digits of the digest of the adapter that it is for."
    )


class WaiversFile(_File):
    """waivers.yaml, beside release.yaml."""

    version: Literal[1] = Field(1, description="Version of this format.")
    waivers: list[WaiverFile] = Field(default_factory=list, description="One for each gate.")


class ReleaseFile(_File):
    """release.yaml: everything about one release."""

    version: Literal[1] = Field(description="Version of this format.")
    name: Name = Field(description="Name of the release: lower-case letters, digits, - and _.")
    candidate: CandidateFile
    serve: ServeFile = Field(default_factory=lambda: ServeFile(local=LocalFile()))
    baselines: dict[Name, BaselineFile] = Field(default_factory=dict, description="Models to compare with, by name.")
    suites: list[str] = Field(min_length=1, description="Paths of the suites.")
    measure: MeasureFile | None = Field(None, description="How latency, throughput and errors are measured.")
    gates: list[GateFile] = Field(min_length=1, description="The rules. At least one must be critical or gating.")
    checks: list[str] = Field(default_factory=list, description="Python files of tests that must pass, too; they run.")
    policy: PolicyFile = Field(default_factory=PolicyFile)
    data_schema: str | None = Field(
        None, description="Rules of the training rows for `harness data`: schema.py:ROWS (pandera), or columns.yaml."
    )
    report: ReportFile = Field(default_factory=ReportFile, description="How the report is told.")
    prices: PricesFile | None = Field(None, description="What the models cost, for the report.")
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Seed of training, few-shot choice and bootstrap.")


class PromptFile(_File):
    """Sandboxed Jinja templates over a row's columns."""

    user: str = Field(description='The user turn, e.g. "Message: {{ text }}".')
    system: str | None = Field(None, description="The system turn.")


class GenerationFile(_File):
    """Generation parameters; greedy by default."""

    max_new_tokens: int = Field(64, ge=1, le=8192)
    temperature: float = Field(0.0, ge=0, le=5)
    top_p: float | None = Field(None, gt=0, lt=1)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    stop: list[str] = Field(default_factory=list, max_length=4)


class TaskFile(BaseModel):
    """What every task has; the other keys are its kind's own (labels, schema, task, …)."""

    model_config = ConfigDict(extra="allow", strict=True)

    kind: str = Field(description="classify, extract, generate, refuse, lm_eval or robustness.")
    data: str | None = Field(None, description="JSON Lines of samples, each with an `id`.")
    examples: str | None = Field(None, description="Rows for few-shot prompts, never from `data`.")
    prompt: PromptFile | None = None
    alternatives: list[PromptFile] = Field(default_factory=list, description="Other prompts, for a prompt baseline.")
    validation: str | None = Field(None, description="Rows that choose among the prompts, never from `data`.")
    repeats: int = Field(1, ge=1, le=100, description="How often each sample is asked; its scores are averaged.")
    target: str = Field("target", description="Column that holds the right answer.")
    generation: GenerationFile = Field(default_factory=GenerationFile)
    slices: list[str] = Field(default_factory=list, description="Columns to report results by.")
    group: str | None = Field(None, description="Column of the unit of independence (document, customer, …).")
    metrics: list[str | dict[str, dict[str, object]]] = Field(
        default_factory=list, description="Metrics, by name or {name: {argument: value}}; default: the kind's own."
    )


class SuiteFile(_File):
    """suites/*.yaml: one or more tasks."""

    version: Literal[1] = Field(1, description="Version of this format.")
    name: Name = Field(description="First part of the metrics' names.")
    description: str = ""
    tasks: dict[Name, TaskFile] = Field(min_length=1)
