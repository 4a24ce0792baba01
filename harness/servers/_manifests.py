"""What TGI needs on a cluster, as plain data: Deployment, Service, HorizontalPodAutoscaler, PodDisruptionBudget."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.core.errors import ConfigError
from harness.core.ids import digest_file, short
from harness.core.samples import Json
from harness.servers.interface import Adapter

if TYPE_CHECKING:
    from harness.servers.kubernetes import Kubernetes

DATA, CACHE, PORT, USER = "/data", "/cache", 8080, 1000
NAME_KEY, TRIAL_KEY, ADAPTERS_KEY = "app.kubernetes.io/name", "harness/trial", "harness/adapters"
_MODEL_NAME = re.compile(r"[A-Za-z0-9][\w./-]*")
Manifest = Mapping[str, Json]


def manifests(server: Kubernetes, name: str, adapters: Sequence[Adapter], trial: bool = False) -> list[Manifest]:
    """Everything to apply. A trial is one pod and its Service: nothing scales it, and nothing keeps it.

    Raises ConfigError for an adapter's name that TGI would read as two, or an adapter that is not on this disk.
    """
    for adapter in adapters:
        if not _MODEL_NAME.fullmatch(adapter.name):
            raise ConfigError(f"'{adapter.name}' cannot be an adapter's name on TGI: letters, digits and ._/- only.")
    found = [_deployment(server, name, adapters, trial), _service(name, trial)]
    if trial:
        return found
    return [*found, *([_autoscaler(server, name)] if _scales(server) else []), _disruption(name)]


def to_yaml(found: Sequence[Manifest]) -> str:
    """The manifests as one file."""
    import yaml

    return yaml.safe_dump_all(found, sort_keys=False, explicit_start=True, allow_unicode=True, width=120)


def volume_folder(server: Kubernetes, adapter: Adapter) -> str:
    """Where an adapter lies in the volume: named as in the registry, by the first 16 digits of its digest."""
    return f"{DATA}/{server.adapters.strip('/')}/{adapter.digest[:16]}"


def _scales(server: Kubernetes) -> bool:
    return server.max_replicas > server.replicas


def _meta(name: str, trial: bool) -> dict[str, Json]:
    labels: dict[str, Json] = {NAME_KEY: name, "app.kubernetes.io/managed-by": "harness"}
    return {"name": name, "labels": {**labels, **({TRIAL_KEY: "true"} if trial else {})}}


def _deployment(server: Kubernetes, name: str, adapters: Sequence[Adapter], trial: bool) -> Manifest:
    told: dict[str, Json] = {ADAPTERS_KEY: json.dumps({one.name: one.digest for one in adapters}, sort_keys=True)}
    meta = _meta(name, trial)
    labels = {
        **_mapping(meta["labels"]),
        "app.kubernetes.io/version": short(adapters[0].digest) if adapters else "base",
    }
    spec: dict[str, Json] = {
        "selector": {"matchLabels": {NAME_KEY: name}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": round(server.start),
        "template": {"metadata": {"labels": labels, "annotations": told}, "spec": _pod(server, adapters)},
    }
    if trial or not _scales(server):  # else the autoscaler's number would be undone by each apply
        spec["replicas"] = 1 if trial else server.replicas
    meta = {**meta, "labels": labels, "annotations": told}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


def _pod(server: Kubernetes, adapters: Sequence[Adapter]) -> Manifest:
    checks: list[Json] = [dict(_check(server, adapters))] if adapters else []
    return {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 120,
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **({"initContainers": checks} if checks else {}),
        "containers": [dict(_container(server, adapters))],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": server.volume, "readOnly": True}},
            {"name": "cache", "emptyDir": {}},
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        ],
    }  # fmt: skip


def _container(server: Kubernetes, adapters: Sequence[Adapter]) -> Manifest:
    gpus: dict[str, Json] = {"nvidia.com/gpu": server.gpus} if server.gpus else {}
    probe: dict[str, Json] = {"httpGet": {"path": "/health", "port": "http"}, "timeoutSeconds": 5}
    return {
        "name": "tgi",
        "image": server.image,
        "args": list(_arguments(server)),
        "env": _environment(server, adapters),
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": {**probe, "periodSeconds": 5, "failureThreshold": max(1, round(server.start / 5))},
        "readinessProbe": {**probe, "periodSeconds": 5, "failureThreshold": 2},
        "livenessProbe": {**probe, "periodSeconds": 10, "failureThreshold": 6},
        # The Service forgets a pod some seconds after it was told to end: it goes on answering for so long.
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "10"]}}},
        **({"resources": {"limits": gpus, "requests": gpus}} if gpus else {}),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [
            {"name": "data", "mountPath": DATA, "readOnly": True},
            {"name": "cache", "mountPath": CACHE},
            {"name": "shm", "mountPath": "/dev/shm"},
        ],
    }


def _check(server: Kubernetes, adapters: Sequence[Adapter]) -> Manifest:
    """The volume must hold these very weights: the pod does not start on others."""
    sums = [f"{_weights_digest(one)}  {volume_folder(server, one)}/adapter_model.safetensors" for one in adapters]
    return {
        "name": "adapters-are-these",
        "image": server.image,
        "command": ["sh", "-c", 'printf "%s\\n" "$SUMS" | sha256sum --check --strict -'],
        "env": [{"name": "SUMS", "value": "\n".join(sums)}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "data", "mountPath": DATA, "readOnly": True}],
    }


def _weights_digest(adapter: Adapter) -> str:
    weights = adapter.folder / "adapter_model.safetensors"
    if not weights.is_file():
        raise ConfigError(
            f"the weights of the adapter '{adapter.name}' ({short(adapter.digest)}) are not on this disk."
        )
    return digest_file(weights)


def _arguments(server: Kubernetes) -> list[str]:
    model = server.base if server.revision else f"{DATA}/{server.base.strip('/')}"
    words = ["--model-id", model, "--port", str(PORT), "--usage-stats", "off", "--enable-prefill-logprobs"]
    words += ["--revision", server.revision] if server.revision else []
    words += ["--num-shard", str(server.shards)] if server.shards else []
    return words + (["--quantize", server.quantize] if server.quantize else [])


def _environment(server: Kubernetes, adapters: Sequence[Adapter]) -> list[Json]:
    values = {"HOME": CACHE, "HF_HOME": CACHE, "HUGGINGFACE_HUB_CACHE": CACHE, "TRITON_CACHE_DIR": f"{CACHE}/triton"}
    values |= {"HF_HUB_DISABLE_TELEMETRY": "1"} if server.revision else {"HF_HUB_OFFLINE": "1"}
    if adapters:
        values["LORA_ADAPTERS"] = ",".join(f"{one.name}={volume_folder(server, one)}" for one in adapters)
    found: list[Json] = [{"name": name, "value": value} for name, value in values.items()]
    if server.secret:
        place: Json = {"secretKeyRef": {"name": server.secret, "key": "HF_TOKEN"}}
        found.append({"name": "HF_TOKEN", "valueFrom": place})
    return found


def _service(name: str, trial: bool) -> Manifest:
    ports: list[Json] = [{"name": "http", "port": 80, "targetPort": "http"}]
    spec: dict[str, Json] = {"selector": {NAME_KEY: name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _meta(name, trial), "spec": spec}


def _autoscaler(server: Kubernetes, name: str) -> Manifest:
    """More pods at once when requests wait; fewer only after ten quiet minutes, since a model takes long to load."""
    target: dict[str, Json] = {"type": "AverageValue", "averageValue": str(server.queue)}
    metric: Json = {"type": "Pods", "pods": {"metric": {"name": "tgi_queue_size"}, "target": target}}
    spec: dict[str, Json] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": server.replicas,
        "maxReplicas": server.max_replicas,
        "metrics": [metric],
        "behavior": {
            "scaleUp": {"stabilizationWindowSeconds": 30, "policies": [_policy(2, 60)]},
            "scaleDown": {"stabilizationWindowSeconds": 600, "policies": [_policy(1, 300)]},
        },
    }
    meta = _meta(name, trial=False)
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": spec}


def _policy(pods: int, seconds: int) -> Json:
    return {"type": "Pods", "value": pods, "periodSeconds": seconds}


def _disruption(name: str) -> Manifest:
    spec: dict[str, Json] = {"maxUnavailable": 1, "selector": {"matchLabels": {NAME_KEY: name}}}
    meta = _meta(name, trial=False)
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec}


def _mapping(value: Json) -> Mapping[str, Json]:
    assert isinstance(value, dict)
    return value
