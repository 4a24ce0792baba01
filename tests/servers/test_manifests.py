"""Manifests: good under Kubernetes' own schema in every combination, and each value where it belongs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.core.errors import ConfigError
from harness.core.ids import digest_file
from harness.servers._manifests import manifests, to_yaml
from harness.servers.interface import Adapter
from harness.servers.kubernetes import Kubernetes

kubernetes_validate = pytest.importorskip("kubernetes_validate")

OLDEST, NEWEST = "1.27", "1.32"
REVISION = "a" * 40
CHOICES: dict[str, tuple[Any, ...]] = {
    "revision": (None, REVISION), "gpus": (0, 2), "shards": (None, 2), "quantize": (None, "fp8"),
    "max_replicas": (1, 4), "secret": (None, "hub"),
}  # fmt: skip


@pytest.fixture
def adapters(tmp_path: Path) -> tuple[Adapter, Adapter]:
    made = []
    for name, digest in (("version-3", "3" * 64), ("version-4", "4" * 64)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter_model.safetensors").write_text(name)
        made.append(Adapter(name, digest, tmp_path / name))
    return made[0], made[1]


def server(**given: Any) -> Kubernetes:
    return Kubernetes(**{"volume": "models", "base": "llama/8b", **given})


def by_kind(found: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {one["kind"]: one for one in found}


def container(found: list[Mapping[str, Any]]) -> Any:
    return by_kind(found)["Deployment"]["spec"]["template"]["spec"]["containers"][0]


def environment(found: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container(found)["env"]}


def test_every_combination_is_good_under_the_schema(adapters: tuple[Adapter, ...]) -> None:
    made = [
        json.dumps(one)
        for values in itertools.product(*CHOICES.values())
        for count, trial in itertools.product((0, 1, 2), (False, True))
        for one in yaml.safe_load_all(
            to_yaml(manifests(server(**dict(zip(CHOICES, values, strict=True))), "desk", adapters[:count], trial))
        )
    ]
    distinct = [json.loads(text) for text in dict.fromkeys(made)]
    assert len(distinct) > 200
    for one in distinct:
        kubernetes_validate.validate(one, NEWEST, strict=True)
    for one in distinct[::40]:
        kubernetes_validate.validate(one, OLDEST, strict=True)


def test_the_schema_would_notice_a_slip(adapters: tuple[Adapter, ...]) -> None:
    found = by_kind(manifests(server(), "desk", adapters))["Deployment"]
    broken = json.loads(json.dumps(found).replace('"startupProbe"', '"startUpProbe"'))
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, NEWEST, strict=True)


def test_production_has_all_four_and_a_trial_only_what_answers(adapters: tuple[Adapter, ...]) -> None:
    kinds = ["Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"]
    assert [one["kind"] for one in manifests(server(), "desk", adapters)] == kinds
    trial = manifests(server(replicas=3), "desk-1", adapters, trial=True)
    assert [one["kind"] for one in trial] == kinds[:2]
    assert by_kind(trial)["Deployment"]["spec"]["replicas"] == 1
    assert all(one["metadata"]["labels"]["harness/trial"] == "true" for one in trial)
    fixed = manifests(server(replicas=3, max_replicas=3), "desk", adapters)
    assert by_kind(fixed)["Deployment"]["spec"]["replicas"] == 3
    assert "HorizontalPodAutoscaler" not in by_kind(fixed)


def test_tgi_is_started_so_that_it_can_be_judged(adapters: tuple[Adapter, ...]) -> None:
    found = manifests(server(shards=2, quantize="fp8"), "desk", adapters)
    args = container(found)["args"]
    assert args[args.index("--model-id") + 1] == "/data/llama/8b"
    assert {"--enable-prefill-logprobs", "--num-shard", "--quantize"} <= set(args)
    assert args[args.index("--usage-stats") + 1] == "off"
    told = environment(found)
    assert told["LORA_ADAPTERS"] == f"version-3=/data/adapters/{'3' * 16},version-4=/data/adapters/{'4' * 16}"
    assert told["HF_HUB_OFFLINE"] == "1"
    assert {container(found)[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")} == {
        "/health"
    }


def test_a_model_of_the_hub_is_pinned_and_its_token_stays_in_the_secret(adapters: tuple[Adapter, ...]) -> None:
    found = manifests(server(base="meta/llama", revision=REVISION, secret="hub"), "desk", adapters)
    args, told = container(found)["args"], environment(found)
    assert args[args.index("--model-id") + 1] == "meta/llama"
    assert args[args.index("--revision") + 1] == REVISION
    assert told["HF_TOKEN"] == {"secretKeyRef": {"name": "hub", "key": "HF_TOKEN"}}
    assert "HF_HUB_OFFLINE" not in told


def test_a_pod_does_not_start_on_other_weights(adapters: tuple[Adapter, ...]) -> None:
    pod = by_kind(manifests(server(), "desk", adapters))["Deployment"]["spec"]["template"]["spec"]
    check = pod["initContainers"][0]
    weights = digest_file(adapters[0].folder / "adapter_model.safetensors")
    assert check["env"][0]["value"].splitlines()[0] == (
        f"{weights}  /data/adapters/{'3' * 16}/adapter_model.safetensors"
    )
    assert "sha256sum --check --strict" in check["command"][-1]
    adapters[0].folder.joinpath("adapter_model.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"weights of the adapter 'version-3' .* are not on this disk"):
        manifests(server(), "desk", adapters)


def test_other_adapters_roll_the_pods(adapters: tuple[Adapter, ...]) -> None:
    templates = [
        by_kind(manifests(server(), "desk", chosen))["Deployment"]["spec"]["template"]["metadata"]["annotations"]
        for chosen in (adapters, adapters[:1])
    ]
    assert json.loads(templates[0]["harness/adapters"]) == {"version-3": "3" * 64, "version-4": "4" * 64}
    assert templates[0] != templates[1]


def test_the_autoscaler_looks_at_the_queue_and_nothing_runs_as_root(adapters: tuple[Adapter, ...]) -> None:
    found = by_kind(manifests(server(queue=7, replicas=2, max_replicas=5), "desk", adapters))
    scaler = found["HorizontalPodAutoscaler"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 5)
    assert scaler["metrics"][0]["pods"]["metric"]["name"] == "tgi_queue_size"
    assert scaler["metrics"][0]["pods"]["target"]["averageValue"] == "7"
    spec = found["Deployment"]["spec"]
    assert "replicas" not in spec, "an apply would undo what the autoscaler did"
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert spec["template"]["spec"]["securityContext"]["runAsNonRoot"] is True


def test_what_looks_like_yaml_stays_text(adapters: tuple[Adapter, ...]) -> None:
    odd = "models: {a: b}\n---\nkind: Secret"
    found = list(yaml.safe_load_all(to_yaml(manifests(server(base=odd, image=odd), "desk", adapters))))
    assert len(found) == 4
    assert container(found)["image"] == odd


@pytest.mark.parametrize("name", ["a=b", "a,b", "", "a b"])
def test_a_name_that_tgi_would_split_is_refused(adapters: tuple[Adapter, ...], name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be an adapter's name"):
        manifests(server(), "desk", [Adapter(name, "d", adapters[0].folder)])
